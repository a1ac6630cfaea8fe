/** A load generator for another program: writes with a window, and counts what followers get. */
import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.js';
import { postText } from '../encoded-requests.js';
import { Fanout, type FanoutResult, type FanoutRun } from '../fanout-run.js';
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
const fanout = new Fanout();

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
    await client?.follow(count, (more) => fanout.arrived(more));
  },

  async run(run: PostRun): Promise<PostRunResult> {
    await client?.prepare(run.inFlight);
    return await windowed((answered) => void write().then(answered), run);
  },

  /** A failed write ends the process, and with it the benchmark. */
  async fanout(run: FanoutRun): Promise<FanoutResult> {
    await client?.prepare(run.inFlight);
    return await fanout.run(run, followers, run.inFlight, write);
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
