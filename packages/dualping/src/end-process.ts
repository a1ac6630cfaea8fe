/** How a process ends that may have work under way on a disk which does not answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { disksIdle } from '@dualping/protocol';

/** How long a disk may take to finish what it is at, ms; after that it is not waited for. */
const DISK_LIMIT_MS = 500;

/**
 * Ends this process, with this code as far as that can be. `process.exit` waits for the threads that work on disks, and so
 * does every other way that runs code of ours: only the kernel ends a process whose disk hangs. Whoever started it sees SIGKILL.
 */
export async function endProcess(code: number): Promise<never> {
  const limit = delay(DISK_LIMIT_MS, 'late' as const);
  if ((await Promise.race([disksIdle(), limit])) !== 'late') process.exit(code);
  process.kill(process.pid, 'SIGKILL');
  return await new Promise(() => {}); // the signal is on its way
}
