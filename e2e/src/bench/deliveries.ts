/** How fast a server delivers posts to followers, and what that costs it. */
import { percentile } from '../statistics.js';
import type { FanoutResult, FanoutRun } from './fanout-run.js';
import { cpuTimeMs } from './process-time.js';

export interface Speed {
  /** Deliveries a second, with many posts in flight. */
  readonly rate: number;
  /** From a post that is alone to its last delivery, median. */
  readonly p50Ms: number;
}

export interface Delivered extends Speed {
  /** CPU time of the server for each delivery. */
  readonly cpuMicroseconds: number;
}

type LoadGenerator = (what: FanoutRun) => Promise<FanoutResult>;

const rateOf = ({ deliveries, tookMs }: FanoutResult): number => (deliveries * 1_000) / tookMs;

async function aloneMs(run: LoadGenerator, forMs: number): Promise<number> {
  return percentile([...(await run({ inFlight: 1, forMs })).latenciesMs], 0.5);
}

/** First with many posts in flight, then with one at a time. */
export async function speedOf(run: LoadGenerator, many: FanoutRun): Promise<Speed> {
  const rate = rateOf(await run(many));
  return { rate, p50Ms: await aloneMs(run, many.forMs / 2) };
}

/** The same, with the CPU time of the server while there are many. */
export async function deliver(run: LoadGenerator, pid: number, many: FanoutRun): Promise<Delivered> {
  const cpuBefore = cpuTimeMs(pid);
  const ran = await run(many);
  const cpuMs = cpuTimeMs(pid) - cpuBefore;
  return {
    rate: rateOf(ran),
    cpuMicroseconds: (cpuMs * 1_000) / ran.deliveries,
    p50Ms: await aloneMs(run, many.forMs / 2),
  };
}
