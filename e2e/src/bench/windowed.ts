/** Writes with a window: a fixed number is in flight, and the next begins when one is acknowledged. */
import type { PostRun, PostRunResult } from './post-load.js';

/** Begins one write. @param answered called when it is durable */
export type WriteOnce = (answered: () => void) => void;

/**
 * What comes before anything is measured: a server that has run for some time. V8 compiles what runs often:
 * the first posts of a process take three times the processor time of later ones. With one in flight some
 * thousands, many seconds, pass until then.
 */
export const WARM_UP: PostRun = { inFlight: 64, forMs: 5_000 };

/** Ends when all writes are answered. */
export function windowed(write: WriteOnce, { inFlight, forMs }: PostRun): Promise<PostRunResult> {
  return new Promise((resolve) => {
    const latenciesMs: number[] = [];
    const beganAt = performance.now();
    let onTheWay = inFlight;
    const next = (): void => {
      const writtenAt = performance.now();
      if (writtenAt - beganAt < forMs)
        return write(() => {
          latenciesMs.push(performance.now() - writtenAt);
          next();
        });
      onTheWay -= 1;
      if (onTheWay > 0) return;
      resolve({
        posts: latenciesMs.length,
        tookMs: writtenAt - beganAt,
        latenciesMs: Float64Array.from(latenciesMs),
      });
    };
    for (let index = 0; index < inFlight; index += 1) next();
  });
}
