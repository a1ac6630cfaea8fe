/** The folders of a person's own files: the XDG base directories. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export interface Folders {
  /** For settings. */
  readonly config: string;
  /** For the program's own memory: it may be deleted without harm to anything else. */
  readonly state: string;
}

const NAME = 'dualping';

export function foldersFor(env: NodeJS.ProcessEnv): Folders {
  // The specification says to ignore a variable that is not an absolute path.
  const base = (variable: string, ...fallback: readonly string[]): string => {
    const given = env[variable];
    return given !== undefined && isAbsolute(given) ? given : join(env.HOME || homedir(), ...fallback);
  };
  return {
    config: join(base('XDG_CONFIG_HOME', '.config'), NAME),
    state: join(base('XDG_STATE_HOME', '.local', 'state'), NAME),
  };
}
