/**
 * The demo as a teacher sees it: faults by key, takeovers on the screen, and a restored terminal.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LAUNCHER } from '../dualping-process.js';
import { Terminal } from './terminal.js';

/** Time for four processes to start and for many takeovers, on a shared machine, ms. */
const DEADLINE_MS = 60_000;

async function inDemo(
  act: (terminal: Terminal, folder: string) => Promise<void>,
  flags: readonly string[] = [],
) {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-demo-screen-'));
  const terminal = Terminal.start({
    command: process.execPath,
    args: [LAUNCHER, 'demo', '--people', '6', ...flags],
    columns: 120,
    rows: 36,
    env: { HOME: folder, TMPDIR: folder, XDG_STATE_HOME: join(folder, 'state') },
  });
  try {
    await act(terminal, folder);
  } finally {
    await terminal.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

test('kill, freeze, cut off and hand over by key; nothing is lost, and the measured values are printed at the end', async () => {
  await inDemo(async (terminal, folder) => {
    const whole = () => terminal.shows('3 of 3 healthy', DEADLINE_MS);
    await terminal.shows(/join with: .*dualping\.js client --routers \S+:\d+/, DEADLINE_MS);
    await whole();
    terminal.press('g');
    terminal.press('X');
    await terminal.shows(/#\d+ s\d .*killed → s\d took over in/, DEADLINE_MS);
    await whole();
    // The killed server stays selected: it is a standby now, and freezing it affects no one.
    terminal.press('z');
    await terminal.shows('frozen', DEADLINE_MS);
    terminal.press('z');
    await whole();
    terminal.press('a');
    await terminal.shows(/Takeovers {2}[2-9] runs/, DEADLINE_MS); // of any kind
    terminal.press('a');
    await terminal.shows(/✓ 0 lost {2}0 repeated {2}0 out of order/);
    terminal.press('q');
    await terminal.eventually(({ exited }) => exited !== undefined, 'it ends', DEADLINE_MS);
    assert.equal(terminal.exited?.code, 0, terminal.describe());
    await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
    assert.match(terminal.screen(), /0 lost, 0 repeated, 0 out of order/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('dualping-demo')),
      [],
      'the temporary folder is gone, and no page was written that nobody asked for',
    );
  });
});

test('a server and then the router are killed: both are back, and nothing is lost', async () => {
  await inDemo(
    async (terminal) => {
      await terminal.shows('2 of 2 healthy', DEADLINE_MS);
      terminal.press('g');
      terminal.press('x');
      await terminal.shows(/took over in/, DEADLINE_MS);
      terminal.press('K');
      await terminal.shows('router ended by SIGKILL', DEADLINE_MS);
      await terminal.shows('2 of 2 healthy', DEADLINE_MS);
      terminal.press('q');
      await terminal.eventually(({ exited }) => exited !== undefined, 'it ends', DEADLINE_MS);
      assert.match(terminal.screen(), /0 lost, 0 repeated, 0 out of order/);
      assert.equal(terminal.exited?.code, 0, terminal.describe());
    },
    ['--servers', '2'],
  );
});
