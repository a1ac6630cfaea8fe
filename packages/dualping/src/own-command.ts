/** The text with which a user runs this command again, in another terminal in the same folder. */
import { realpathSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';

/** npx puts these folders on the PATH of the program that it runs only. */
const ONLY_FOR_NPX = /[\\/]node_modules[\\/]\.bin[\\/]?$/;
const PLAIN = /^[A-Za-z0-9_./@:+-]+$/;

export interface Invoked {
  readonly env: NodeJS.ProcessEnv;
  /** The script that Node was told to run. */
  readonly script: string | undefined;
  readonly folder: string;
}

/**
 * `dualping` if a shell finds it, `npx dualping` if npx was used, else Node and the path of the script.
 */
export function ownCommand(invoked?: Invoked): string {
  const { env, script, folder } = invoked ?? {
    env: process.env,
    script: process.argv[1],
    folder: process.cwd(),
  };
  if (script === undefined || isOnPath(script, env.PATH ?? '')) return 'dualping';
  if (env.npm_command === 'exec') return 'npx dualping';
  const near = relative(folder, script);
  const path = near.startsWith('..') ? script : near;
  return `node ${shellWord(path)}`;
}

/** A text as one word of a shell's command line. */
export const shellWord = (text: string): string =>
  PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

function isOnPath(script: string, path: string): boolean {
  const own = realOf(script);
  const [found] = path
    .split(delimiter)
    .filter((folder) => folder !== '' && !ONLY_FOR_NPX.test(folder))
    .flatMap((folder) => realOf(join(folder, 'dualping')) ?? []);
  return own !== undefined && found === own;
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
