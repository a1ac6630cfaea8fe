/** The clock of this process. */
import type { Clock } from './clock.js';

/**
 * The longest wait of setTimeout, ms: with a longer one it would fire at once. A loop then sets another
 * timer.
 */
const MAX_WAIT_MS = 2 ** 31 - 1;

const clock = (holdsProcess: boolean): Clock => ({
  now: () => performance.now(),
  setTimer: (at, fire) => {
    // setTimeout drops fractions. Rounded up, it never fires early, and no second timer is needed.
    const waitMs = Math.min(Math.max(0, Math.ceil(at - performance.now())), MAX_WAIT_MS);
    const timer = setTimeout(fire, waitMs);
    if (!holdsProcess) timer.unref();
    return () => clearTimeout(timer);
  },
});

/** Its timers keep the process running. */
export const PROCESS_CLOCK: Clock = clock(true);
/** Its timers don't keep the process running: for parts that only watch. */
export const BACKGROUND_CLOCK: Clock = clock(false);
