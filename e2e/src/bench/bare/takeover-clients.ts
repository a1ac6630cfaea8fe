/**
 * The clients of a bare takeover: at the first sign of the loss each makes one round trip to the watcher and
 * one to the other server.
 */
import { clockMs } from '../clock.js';
import { servePart } from '../part-process.js';
import { PATHS, RawClient } from '../raw-calls.js';
import type { Certs } from '../wire.js';

const SOMETHING = Buffer.alloc(16, 1);

interface Places {
  readonly lost: string;
  readonly watcher: string;
  readonly other: string;
  readonly people: number;
  readonly certs: Certs;
}

let back: readonly Promise<number>[] = [];

/** Connects to all three. @returns a promise of when it was served again */
async function connect({ lost, watcher, other, certs }: Places): Promise<{ readonly back: Promise<number> }> {
  const [lostClient, watcherClient, otherClient] = [lost, watcher, other].map(
    (address) => new RawClient(address, certs, 'shared'),
  );
  if (lostClient === undefined || watcherClient === undefined || otherClient === undefined)
    throw new Error('three places were named');
  await Promise.all([
    watcherClient.ask(PATHS.getAvailable, SOMETHING),
    otherClient.ask(PATHS.post, SOMETHING),
  ]);
  const timeline = lostClient.stream(PATHS.timeline);
  const watch = watcherClient.stream(PATHS.timeline);
  timeline.write(SOMETHING);
  watch.write(SOMETHING);
  // Each server answers the first message, which shows that the stream is open.
  await Promise.all(
    [timeline, watch].map((stream) => new Promise((resolve) => stream.once('data', resolve))),
  );
  const noticed = new Promise<void>((resolve) => {
    timeline.on('data', () => {});
    timeline.once('end', resolve);
    timeline.on('error', () => resolve());
    watch.once('data', () => resolve());
    watch.on('error', () => {});
  });
  const again = async (): Promise<number> => {
    await noticed;
    await watcherClient.ask(PATHS.getAvailable, SOMETHING);
    await otherClient.ask(PATHS.post, SOMETHING);
    return clockMs();
  };
  return { back: again() };
}

const methods = {
  /** Resolves when all are connected. */
  async connect(places: Places): Promise<void> {
    const all = await Promise.all(Array.from({ length: places.people }, () => connect(places)));
    back = all.map((client) => client.back);
  },

  /** Resolves, when all are served again, with the time of each. */
  async whenBack(_: Record<string, never>): Promise<Float64Array> {
    return Float64Array.from(await Promise.all(back));
  },
} as const;

export type BareTakeoverClients = typeof methods;
servePart(methods);
