/** Where files of ours go: the XDG base directories. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export interface Folders {
  /** What the person chose. */
  readonly config: string;
  /** What the program remembers: may be thrown away without breaking anything but memories. */
  readonly state: string;
}

const NAME = 'dualping';

export function foldersFor(env: NodeJS.ProcessEnv): Folders {
  // A variable that is not an absolute path is to be ignored, says the specification.
  const base = (variable: string, ...fallback: readonly string[]): string => {
    const given = env[variable];
    return given !== undefined && isAbsolute(given) ? given : join(env.HOME || homedir(), ...fallback);
  };
  return {
    config: join(base('XDG_CONFIG_HOME', '.config'), NAME),
    state: join(base('XDG_STATE_HOME', '.local', 'state'), NAME),
  };
}
