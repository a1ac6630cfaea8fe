/**
 * How long `dualping start` takes in a new folder, until the first post is acknowledged: what a newcomer sees
 * first.
 *
 * The real program in a pty: it makes the certificates and keys, and starts a router, three servers and the
 * full-screen client. The person types a post as soon as there is a screen. Bare beside it: four processes of
 * grpc-js that start side by side, with a certificate that is there already, until one of them answers a
 * call. They store nothing, and do not know one another.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensure } from '@dualping/security';
import { LAUNCHER } from '../dualping-process.js';
import { DEADLINE_MS, eventually } from '../eventually.js';
import { Terminal } from '../terminal/terminal.js';
import type { BareTakeoverServer } from './bare/takeover-server.js';
import { type Bench, rounds } from './bench.js';
import { MILLISECONDS } from './figures.js';
import { Part } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';
import { BARE_PART } from './wire.js';

/** A router and three servers. */
const PROCESSES = 4;
const POST = 'my first post';
/** Behind a post that was acknowledged. */
const ACKNOWLEDGED = '✓';
const SOMETHING = Buffer.alloc(16, 1);

interface Start {
  readonly frameMs: number;
  readonly postMs: number;
}

async function ours(): Promise<Start> {
  const home = mkdtempSync(join(tmpdir(), 'dualping-bench-'));
  const beganAt = performance.now();
  const terminal = Terminal.start({
    command: process.execPath,
    args: [LAUNCHER, 'start', '--user', 'mira', '--port', '0', '--data', join(home, 'data')],
    env: { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') },
  });
  const whenShown = async (text: string): Promise<number> => {
    const isShown = (): boolean => terminal.screen().includes(text);
    await eventually(`the screen shows ${text}`, isShown, DEADLINE_MS, () => terminal.describe());
    return performance.now() - beganAt;
  };
  try {
    const frameMs = await whenShown('dualping  @mira');
    terminal.type(`i${POST}\n`);
    await whenShown(POST);
    return { frameMs, postMs: await whenShown(ACKNOWLEDGED) };
  } finally {
    if (terminal.exited === undefined) process.kill(terminal.pid, 'SIGTERM');
    await terminal.exit;
    await terminal.close();
    rmSync(home, { recursive: true, force: true });
  }
}

async function bare(certs: string): Promise<number> {
  const beganAt = performance.now();
  const parts = Array.from(
    { length: PROCESSES },
    () => new Part<BareTakeoverServer>('./bare/takeover-server.js', import.meta.url),
  );
  try {
    const [address = ''] = await Promise.all(parts.map((part) => part.call('serve', { certs })));
    const client = new RawClient(address, certs);
    await client.ask(PATHS.post, SOMETHING);
    client.close();
    return performance.now() - beganAt;
  } finally {
    await Promise.all(parts.map((part) => part.end()));
  }
}

export const startBench: Bench = {
  title: 'A first start, until the first post is acknowledged',
  limit: 'four bare grpc-js processes that start side by side, until one answers a call',
  async run({ repetitions, figures, say }) {
    const certs = mkdtempSync(join(tmpdir(), 'dualping-bench-'));
    try {
      await ensure(certs, [BARE_PART]);
      say('start: in new folders');
      for await (const run of rounds(repetitions, { ours, bare: () => bare(certs) })) {
        figures.add('first frame', MILLISECONDS, run.ours.frameMs);
        figures.add('first post acknowledged', MILLISECONDS, run.ours.postMs, run.bare);
      }
    } finally {
      rmSync(certs, { recursive: true, force: true });
    }
  },
};
