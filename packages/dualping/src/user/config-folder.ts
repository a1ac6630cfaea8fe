/** The folder for settings and keys of the user who runs the command: after the XDG base directories. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export function configFolder(env: NodeJS.ProcessEnv = process.env): string {
  const given = env.XDG_CONFIG_HOME;
  // The specification says to ignore a variable that is not an absolute path.
  const base = given !== undefined && isAbsolute(given) ? given : join(env.HOME || homedir(), '.config');
  return join(base, 'dualping');
}
