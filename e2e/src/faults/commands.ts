/** Short commands of the system, run to their end. */
import { execFileSync } from 'node:child_process';

/** Throws with what the command said when it fails. */
export function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Whether it went well; what it says is of no interest. */
export function succeeds(command: string, ...args: readonly string[]): boolean {
  try {
    run(command, ...args);
    return true;
  } catch {
    return false;
  }
}
