/** Terminals that stop reading: only the person at them notices. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RouterClient } from '@dualping/client';
import { holderOf } from '@dualping/host';
import { LAUNCHER } from '../dualping-process.js';
import { eventually } from '../eventually.js';
import { operatorIn } from '../test-cluster.js';
import { Stage } from './stage.js';
import { Terminal } from './terminal.js';

/** More whole screens than any terminal buffers for a program. */
const SCREENS = 60;
const LARGE = { columns: 200, rows: 60 } as const;
/**
 * Much less than the 15 s during which a blocked write ignored signals, and more than a busy machine needs,
 * ms.
 */
const HEARD_WITHIN_MS = 8_000;

/** Makes a full-screen program write more than its terminal accepts. */
async function filled(terminal: Terminal): Promise<void> {
  terminal.stopReading();
  for (let at = 0; at < SCREENS; at += 1) terminal.press('ctrl-l');
}

const within = async <T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> =>
  await Promise.race([
    promise,
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${what}`)), limitMs).unref(),
    ),
  ]);

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  test(`${signal} ends the client while its terminal does not read, and the draft is kept`, async () => {
    const stage = await Stage.open();
    try {
      const terminal = stage.client(LARGE);
      await terminal.shows('● live');
      await filled(terminal);
      terminal.press('i');
      terminal.type('half a thought');
      await eventually('the draft is on the disk', () =>
        textsUnder(stage.stateFolder).includes('half a thought'),
      );
      terminal.signal(signal);
      const { code: got, signal: by } = await within(HEARD_WITHIN_MS, 'it ends', terminal.exit);
      assert.deepEqual([got, by], [code, 0]);
    } finally {
      await stage.close();
    }
  });

test('the client shows the newest when its terminal reads again, and not all that came meanwhile', async () => {
  const stage = await Stage.open();
  try {
    const bo = stage.person('bo');
    await bo.list();
    await stage.person('mira').follow('bo');
    stage.leaves('mira');
    const terminal = stage.client(LARGE);
    await terminal.shows('● live');
    await filled(terminal);
    const before = terminal.received;
    await Promise.all(Array.from({ length: 300 }, (_, at) => bo.post(`${at + 1} while it did not read`)));
    terminal.goOnReading();
    await terminal.shows('300 while it did not read');
    assert.ok(terminal.received - before < SCREENS * LARGE.columns * LARGE.rows, 'most frames were left out');
    terminal.press('q');
    assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
  } finally {
    await stage.close();
  }
});

for (const command of ['start', 'up'])
  test(`${command}: a killed server is started again while the terminal does not read`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dualping-slow-'));
    const data = join(folder, 'data');
    const env = {
      HOME: folder,
      XDG_STATE_HOME: join(folder, 'state'),
      XDG_CONFIG_HOME: join(folder, 'config'),
    };
    const args = [
      LAUNCHER,
      command,
      '--data',
      data,
      '--port',
      '0',
      ...(command === 'start' ? ['--user', 'mira'] : []),
    ];
    const terminal = Terminal.start({ command: process.execPath, args, env, ...LARGE });
    let router: RouterClient | undefined;
    try {
      await terminal.shows(command === 'start' ? '● live' : 'ready: ');
      const { addresses } = JSON.parse(readFileSync(join(data, 'places.json'), 'utf8'));
      router = new RouterClient({
        routers: [addresses.router],
        credentials: operatorIn(join(data, 'certs')),
      });
      if (command === 'start') await filled(terminal);
      else terminal.press('ctrl-s');
      for (let round = 1; round <= 3; round += 1) {
        const before = await s2(router);
        const pid = holderOf(join(data, 's2'))?.pid;
        assert.ok(pid !== undefined, 's2 holds its folder');
        process.kill(pid, 'SIGKILL');
        const client = router;
        await eventually('s2 is there again, as another process', async () => {
          const now = await s2(client);
          return now.live && now.inSync && now.incarnation > before.incarnation;
        });
      }
      terminal.signal('SIGTERM');
      const { code } = await within(2 * HEARD_WITHIN_MS, 'it ends', terminal.exit);
      assert.equal(code, 143);
    } finally {
      router?.close();
      await terminal.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

async function s2(router: RouterClient) {
  const { assignments } = await router.status();
  const member = assignments[0]?.members.find(({ serverId }) => serverId === 2);
  if (member === undefined) throw new Error('there is no s2');
  return member;
}

const textsUnder = (folder: string): string =>
  (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => {
      try {
        return readFileSync(join(entry.parentPath, entry.name), 'utf8');
      } catch {
        return ''; // replaced meanwhile
      }
    })
    .join('\n');
