/**
 * The client in a real tmux, which has a terminfo, widths and special behaviour of its own, and which many
 * people use.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { frameProblem } from './frame.js';
import { ME, Stage, withTalk } from './stage.js';
import { Terminal } from './terminal.js';

const PROGRAM = fileURLToPath(
  new URL('../../../packages/terminal/dist/screen/screen.fixture.js', import.meta.url),
);

/**
 * The time in packages/terminal/src/state/unread.ts, and a second more: the test waits while nothing happens,
 * ms.
 */
const IDLE_AFTER_MS = 31_000;

const skip = spawnSync('tmux', ['-V']).status === 0 ? false : 'tmux is not installed: apt-get install tmux';

test('in tmux the frame stays intact, in 256 colours, with keys and the mouse', { skip }, async () => {
  const socket = `dualping-test-${process.pid}`;
  const tmux = ['-L', socket, '-f', '/dev/null'];
  const inside = `'${process.execPath}' '${PROGRAM}'`;
  const args = [...tmux, 'new-session', inside];
  const terminal = Terminal.start({ command: 'tmux', args, env: { TMUX_TMPDIR: undefined } });
  // The last row is tmux's own, so the page is 80x23.
  const problem = (): string | undefined =>
    frameProblem(terminal, { first: 1, last: 20 }, [0, 13, 26, 39, 52, 65, 78]);
  try {
    for (let seed = 1; seed <= 20; seed += 1) {
      await terminal.shows(`80x23 dark seed ${seed} `);
      await terminal.eventually(
        () => problem() === undefined,
        `the frame stands, seed ${seed}: ${problem()}`,
      );
      terminal.press('r');
    }
    assert.equal(terminal.cell(0, 2).foreground, 246, 'one of the 256 colours');
    terminal.press('alt-enter');
    await terminal.shows('<alt-enter>');
    terminal.press('up');
    await terminal.shows('<up>');
    terminal.paste('two\nlines');
    await terminal.shows('<paste "two\\nlines">');
    await terminal.eventually(
      (seen) => seen.mouseMode !== 'none',
      'tmux has passed on that the mouse is wanted',
    );
    terminal.click(12, 5);
    await terminal.shows('<press left 12,5>');
    terminal.resize(100, 30);
    await terminal.shows('100x29 dark');
    terminal.press('q');
    await terminal.exit;
  } finally {
    spawnSync('tmux', [...tmux, 'kill-server']);
    await terminal.close();
  }
});

test('the client in tmux: read, write, to the shell and back', { skip }, async () => {
  const stage = await Stage.open();
  const socket = `dualping-client-${process.pid}`;
  const tmux = ['-L', socket, '-f', '/dev/null'];
  // The last row is tmux's own.
  const body = { first: 1, last: 19 };
  try {
    await withTalk(stage);
    const terminal = stage.run('tmux', [...tmux, 'new-session', '-s', 'day', 'sh', '-m']);
    await terminal.shows('[day]');
    terminal.type(`${stage.commandLine}\n`);
    await terminal.shows('● live');
    await terminal.shows('グラフ、楽しみにしています 📈');
    await terminal.shows(/Following 4/);
    const stands = (what: string): Promise<void> =>
      terminal.eventually((seen) => frameProblem(seen, body, [18]) === undefined, `the frame stands ${what}`);
    await stands('at first');
    terminal.type('i');
    terminal.paste('from tmux 🎉\nin two lines 山田');
    await terminal.shows('in two lines 山田');
    terminal.type('\n');
    await terminal.shows(/@mira .*✓/);
    terminal.press('escape');
    await terminal.shows('i to write a post');
    await stands('after a post');
    terminal.press('ctrl-z');
    await terminal.shows(/Stopped/);
    assert.doesNotMatch(terminal.screen(), /Timelines/);
    terminal.type('fg\n');
    await terminal.shows('● live');
    await stands('after fg');
    terminal.resize(130, 40);
    await terminal.shows('Session');
    await terminal.shows(`@${ME}`);
    terminal.press('q');
    await terminal.hides('Timelines');
  } finally {
    spawnSync('tmux', [...tmux, 'kill-server']);
    await stage.close();
  }
});

test("with tmux's defaults an Esc and a quick key both arrive, and a user without keys for long is away", {
  skip,
}, async () => {
  const stage = await Stage.open();
  const socket = `dualping-esc-${process.pid}`;
  const tmux = ['-L', socket, '-f', '/dev/null'];
  try {
    await withTalk(stage);
    const posted: string[] = [];
    stage.person('ana').posts$.subscribe((post) => {
      if (post.author === ME) posted.push(post.text);
    });
    const terminal = stage.run('tmux', [...tmux, 'new-session', '-s', 'day', 'sh']);
    await terminal.shows('[day]');
    terminal.type(`exec ${stage.commandLine}\n`);
    await terminal.shows('● live');
    await terminal.shows(/Following 4/);
    terminal.type('ihalf a thought');
    await terminal.shows('› half a thought');
    terminal.report('\x1b:');
    terminal.type('bell on\n');
    await terminal.hides(/^ :/m);
    await terminal.shows('› half a thought');
    terminal.type('i');
    terminal.report('\x1bu');
    terminal.type('hmm\n');
    await terminal.shows(/› half a thought/);
    terminal.type('i');
    await terminal.shows('Enter send');
    terminal.report('\x1b\r');
    await terminal.shows('i post');
    terminal.type('uu\n');
    await terminal.shows(/› half a thought/);
    await new Promise((resolve) => setTimeout(resolve, IDLE_AFTER_MS));
    await stage.person('chen').post(`@${ME} are you there?`);
    await terminal.shows('1 new since');
    await terminal.shows(/Mentions +1/);
    await terminal.eventually((seen) => seen.bells > 0, 'the bell');
    assert.doesNotMatch(posted.join('\n'), /half a thought|bell on|hmm|uu/, 'nothing typed after Esc');
  } finally {
    spawnSync('tmux', [...tmux, 'kill-server']);
    await stage.close();
  }
});
