/** How fast a server delivers posts to followers, and what that costs it. */
import { percentile } from '../statistics.js';
import { cpuTimeMs } from './process-time.js';

export interface Delivered {
  /** Deliveries a second, with many posts in flight. */
  readonly rate: number;
  /** CPU time of the server for each. */
  readonly cpuMicroseconds: number;
  /** From a post that is alone to its last delivery, median. */
  readonly p50Ms: number;
}

interface Run {
  readonly inFlight: number;
  readonly forMs: number;
}

interface Ran {
  readonly deliveries: number;
  readonly tookMs: number;
  readonly latenciesMs: Float64Array;
}

/**
 * First with many posts in flight, then with one at a time.
 *
 * @param run what the load generator does
 * @param pid of the server
 */
export async function deliver(
  run: (what: Run) => Promise<Ran>,
  pid: number,
  { inFlight, forMs }: Run,
): Promise<Delivered> {
  const cpuBefore = cpuTimeMs(pid);
  const { deliveries, tookMs } = await run({ inFlight, forMs });
  const cpuMs = cpuTimeMs(pid) - cpuBefore;
  const { latenciesMs } = await run({ inFlight: 1, forMs: forMs / 2 });
  return {
    rate: (deliveries * 1_000) / tookMs,
    cpuMicroseconds: (cpuMs * 1_000) / deliveries,
    p50Ms: percentile([...latenciesMs], 0.5),
  };
}
