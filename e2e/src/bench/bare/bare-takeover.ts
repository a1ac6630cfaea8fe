/** One bare takeover, from beginning to end. */
import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.js';
import { Part } from '../part-process.js';
import type { Certs } from '../wire.js';
import type { BareTakeoverClients } from './takeover-clients.js';
import type { BareTakeoverServer } from './takeover-server.js';

/** Times since the signal, ms. */
export interface BareTakeover {
  readonly noticedMs: number;
  /** Time of the client that connected first. */
  readonly firstMs: number;
  /** Times of all clients, in no order. */
  readonly backMs: readonly number[];
}

export async function bareTakeover(
  signal: NodeJS.Signals,
  people: number,
  settleMs: number,
  certs: Certs,
): Promise<BareTakeover> {
  const servers = Array.from(
    { length: 3 },
    () => new Part<BareTakeoverServer>('./takeover-server.js', import.meta.url),
  );
  const clients = new Part<BareTakeoverClients>('./takeover-clients.js', import.meta.url);
  try {
    const [lost = '', watcher = '', other = ''] = await Promise.all(
      servers.map((server) => server.call('serve', { certs })),
    );
    const [lostServer, watchingServer] = servers;
    if (lostServer === undefined || watchingServer === undefined)
      throw new Error('three servers were started');
    await clients.call('connect', { lost, watcher, other, people, certs });
    // Pings begin after the connections: a server that is busy with a thousand connections would miss pings
    // and look dead.
    await lostServer.call('ping', { watcher, certs });
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
