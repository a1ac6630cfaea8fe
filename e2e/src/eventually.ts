/** Waits for conditions, never for time: generous deadlines, because machines are small and shared. */
import { setTimeout as delay } from 'node:timers/promises';

export const DEADLINE_MS = 30_000;
const POLL_MS = 15;

/** Polls until `look` gives something other than undefined or false; fails with what was last seen. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
  describe: () => string = () => '',
): Promise<T> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > until) throw new Error(`not within ${deadlineMs} ms: ${what}\n${describe()}`);
    await delay(POLL_MS);
  }
}
