/** Where a person's files belong, by the XDG base directory specification (version 0.8). */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export interface Folders {
  /** What the person chose. */
  readonly config: string;
  /** What the client remembers; drafts too. */
  readonly state: string;
}

const NAME = 'dualping';

/** A relative path in a variable is to be ignored, says the specification. */
const chosen = (path: string | undefined): string | undefined =>
  path !== undefined && isAbsolute(path) ? path : undefined;

export function foldersFor(env: NodeJS.ProcessEnv): Folders {
  const home = chosen(env.HOME) ?? homedir();
  return {
    config: join(chosen(env.XDG_CONFIG_HOME) ?? join(home, '.config'), NAME),
    state: join(chosen(env.XDG_STATE_HOME) ?? join(home, '.local', 'state'), NAME),
  };
}
