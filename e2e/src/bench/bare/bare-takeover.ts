/** One bare takeover, from beginning to end. */
import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.js';
import { Part } from '../part-process.js';
import type { BareTakeoverClients } from './takeover-clients.js';
import type { BareTakeoverServer } from './takeover-server.js';

/** All times from the signal on, ms. */
export interface BareTakeover {
  readonly noticedMs: number;
  /** Of the first client, in the order in which they connected. */
  readonly firstMs: number;
  /** Of all, in no order. */
  readonly backMs: readonly number[];
}

export async function bareTakeover(
  signal: NodeJS.Signals,
  people: number,
  settleMs: number,
): Promise<BareTakeover> {
  const servers = Array.from(
    { length: 3 },
    () => new Part<BareTakeoverServer>('./takeover-server.js', import.meta.url),
  );
  const clients = new Part<BareTakeoverClients>('./takeover-clients.js', import.meta.url);
  try {
    const [lost = '', watcher = '', other = ''] = await Promise.all(
      servers.map((server) => server.call('serve', {})),
    );
    const [lostServer, watchingServer] = servers;
    if (lostServer === undefined || watchingServer === undefined)
      throw new Error('three servers were started');
    await clients.call('connect', { lost, watcher, other, people });
    // Later than that: who is busy with a thousand connections would take a moment without pings for the end.
    await lostServer.call('ping', { watcher });
    const noticed = watchingServer.call('whenLost', {});
    const back = clients.call('whenBack', {});
    await delay(settleMs);
    const begunAt = clockMs();
    lostServer.signal(signal);
    const backMs = [...(await back)].map((at) => at - begunAt);
    return { noticedMs: (await noticed) - begunAt, firstMs: backMs[0] ?? Number.NaN, backMs };
  } finally {
    await Promise.all([...servers, clients].map((part) => part.end()));
  }
}
