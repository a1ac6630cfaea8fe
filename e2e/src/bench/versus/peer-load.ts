/** A load generator for another program: writes with a window, and counts what followers get. */
import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.js';
import { postText } from '../encoded-requests.js';
import type { FanoutResult, FanoutRun } from '../fanout-load.js';
import { servePart } from '../part-process.js';
import type { PostRun, PostRunResult } from '../post-load.js';
import { windowed } from '../windowed.js';
import { EtcdClient } from './etcd-client.js';
import { NatsClient } from './nats-client.js';
import type { PeerAccess, PeerClient } from './peer-client.js';
import { RedisClient } from './redis-client.js';

const CLIENTS = { etcd: EtcdClient, redis: RedisClient, nats: NatsClient } as const;

/** How long a write may take while nothing fails, ms. */
const PATIENCE_MS = 10_000;
/** How long a client waits for an acknowledgement before it asks the next node, ms. */
const TRY_MS = 250;
/** Pause between two writes of the one who waits for a takeover, ms: as ours has. */
const THINKING_MS = 2;

let client: PeerClient | undefined;
let writes = 0;
let followers = 0;
let delivered = 0;
let onDelivery: () => void = () => {};

function write(patienceMs = PATIENCE_MS): Promise<void> {
  if (client === undefined) throw new Error('not connected');
  writes += 1;
  return client.write(postText(writes), patienceMs);
}

const methods = {
  async connect({ kind, nodes }: PeerAccess): Promise<void> {
    client = new CLIENTS[kind](nodes);
    await client.prepare(1);
  },

  async follow({ count }: { readonly count: number }): Promise<void> {
    followers = count;
    await client?.follow(count, (more) => {
      delivered += more;
      onDelivery();
    });
  },

  async run(run: PostRun): Promise<PostRunResult> {
    await client?.prepare(run.inFlight);
    return await windowed((answered) => void write().then(answered), run);
  },

  /** The next write begins when one of those before has arrived at all followers. */
  async fanout({ inFlight, forMs }: FanoutRun): Promise<FanoutResult> {
    await client?.prepare(inFlight);
    delivered = 0;
    const latenciesMs: number[] = [];
    const beganAt = performance.now();
    let written = 0;
    let unanswered = 0;
    let writtenAt = 0;
    return await new Promise((resolve) => {
      const pump = (): void => {
        const now = performance.now();
        const isEverywhere = delivered >= written * followers;
        if (inFlight === 1 && written > latenciesMs.length && isEverywhere) latenciesMs.push(now - writtenAt);
        if (now - beganAt >= forMs) {
          if (!isEverywhere || unanswered > 0) return;
          return resolve({
            deliveries: delivered,
            tookMs: now - beganAt,
            latenciesMs: Float64Array.from(latenciesMs),
          });
        }
        while (unanswered < inFlight && written * followers - delivered <= (inFlight - 1) * followers) {
          written += 1;
          unanswered += 1;
          writtenAt = performance.now();
          // A failed write ends the process, and with it the benchmark.
          void write().then(() => {
            unanswered -= 1;
            pump();
          });
        }
      };
      onDelivery = pump;
      pump();
    });
  },

  /** When a write was acknowledged that was begun after that instant, on the clock of the machine. */
  async writtenSince({ sinceMs }: { readonly sinceMs: number }): Promise<number> {
    for (;;) {
      const begunAt = clockMs();
      try {
        await write(TRY_MS);
        if (begunAt >= sinceMs) return clockMs();
        await delay(THINKING_MS);
      } catch {
        client?.turn();
        await delay(THINKING_MS);
      }
    }
  },
} as const;

export type PeerLoad = typeof methods;
servePart(methods);
