/** Runs short system commands to their end. */
import { execFileSync } from 'node:child_process';

/** Throws with the command's output when it fails. */
export function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Whether the command succeeds; its output is ignored. */
export function succeeds(command: string, ...args: readonly string[]): boolean {
  try {
    run(command, ...args);
    return true;
  } catch {
    return false;
  }
}
