/**
 * What an idle cluster costs: time until it listens, memory, and CPU time.
 *
 * Bare beside it: as many processes of grpc-js that do nothing but serve, three of which ping the fourth over
 * a stream, as often as ours. Ours are measured as they run here: bundled after `npm run build`, as modules
 * after `tsc -b` alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RouterClient } from '@dualping/client';
import { ensure } from '@dualping/security';
import { TestCluster } from '../test-cluster.js';
import type { BareTakeoverServer } from './bare/takeover-server.js';
import { type Bench, rounds } from './bench.js';
import { MILLISECONDS, type Quantity } from './figures.js';
import { Part } from './part-process.js';
import { cpuTimeMs, memoryMb } from './process-time.js';
import { BARE_PART } from './wire.js';

const MEGABYTES: Quantity = { unit: 'MB', better: 'less' };
const OF_A_CORE: Quantity = { unit: '% of a core', better: 'less' };
const SERVERS = 3;
/** After everything is in sync, until what a start leaves behind is done, ms. */
const SETTLE_MS = 3_000;
const IDLE_MS = 10_000;

interface Idle {
  readonly listeningMs: number;
  readonly megabytes: number;
  readonly percent: number;
}

/** @param pids of a router, or the bare process in its place, and servers */
async function idle(pids: readonly number[]): Promise<Omit<Idle, 'listeningMs'>> {
  await delay(SETTLE_MS);
  const cpuMs = (): number => pids.reduce((sum, pid) => sum + cpuTimeMs(pid), 0);
  const before = cpuMs();
  const beganAt = performance.now();
  await delay(IDLE_MS);
  const percent = (100 * (cpuMs() - before)) / (performance.now() - beganAt);
  return { megabytes: memoryMb(pids.at(-1) ?? -1), percent };
}

async function ours(): Promise<Idle> {
  const cluster = await TestCluster.start({ servers: SERVERS });
  const routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  try {
    await cluster.whenWhole(routers);
    await cluster.server(SERVERS).kill();
    const beganAt = performance.now();
    await cluster.startServer(SERVERS);
    const listeningMs = performance.now() - beganAt;
    await cluster.whenWhole(routers);
    const processes = [cluster.router, ...cluster.serverIds.map((id) => cluster.server(id))];
    return { listeningMs, ...(await idle(processes.map(({ pid }) => pid))) };
  } finally {
    routers.close();
    await cluster.destroy();
  }
}

async function bare(certs: string): Promise<Idle> {
  const parts: Part<BareTakeoverServer>[] = [];
  const serve = async (): Promise<string> => {
    const part = new Part<BareTakeoverServer>('./bare/takeover-server.js', import.meta.url);
    parts.push(part);
    return await part.call('serve', { certs });
  };
  try {
    const watcher = await serve();
    let listeningMs = 0;
    for (let server = 1; server <= SERVERS; server += 1) {
      const beganAt = performance.now();
      await serve();
      listeningMs = performance.now() - beganAt;
    }
    for (const part of parts.slice(1)) await part.call('ping', { watcher, certs });
    return { listeningMs, ...(await idle(parts.map(({ pid }) => pid))) };
  } finally {
    await Promise.all(parts.map((part) => part.end()));
  }
}

export const idleBench: Bench = {
  title: 'A router and three servers that nobody uses',
  limit: 'bare grpc-js processes, three of which ping the fourth as often',
  async run({ repetitions, figures, say }) {
    say('idle: a cluster');
    const certs = mkdtempSync(join(tmpdir(), 'dualping-bench-'));
    try {
      await ensure(certs, [BARE_PART]);
      for await (const run of rounds(repetitions, { ours, bare: () => bare(certs) })) {
        figures.add('a server listens', MILLISECONDS, run.ours.listeningMs, run.bare.listeningMs);
        figures.add('memory of a server', MEGABYTES, run.ours.megabytes, run.bare.megabytes);
        figures.add('CPU of all', OF_A_CORE, run.ours.percent, run.bare.percent);
      }
    } finally {
      rmSync(certs, { recursive: true, force: true });
    }
  },
};
