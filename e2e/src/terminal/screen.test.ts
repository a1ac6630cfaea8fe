/** The screen driver alone, seen from a terminal. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEADLINE_MS, eventually } from '../eventually.js';
import { type FrameRows, frameProblem } from './frame.js';
import { Terminal, type TerminalOptions } from './terminal.js';

const PROGRAM = fileURLToPath(
  new URL('../../../packages/terminal/dist/screen/screen.fixture.js', import.meta.url),
);

type Surroundings = Partial<TerminalOptions>;

async function inTerminal(
  act: (terminal: Terminal) => Promise<void>,
  given: Surroundings = {},
): Promise<void> {
  const terminal = Terminal.start({ command: process.execPath, args: [PROGRAM], ...given });
  try {
    await act(terminal);
  } finally {
    await terminal.close();
  }
}

/** Between the head of the page and its last two rows. */
const body = (terminal: Terminal): FrameRows => ({ first: 1, last: terminal.rows - 3 });
const columns = (terminal: Terminal): number[] =>
  Array.from({ length: Math.ceil(terminal.columns / 13) }, (_, i) => i * 13);
const problem = (terminal: Terminal): string | undefined =>
  frameProblem(terminal, body(terminal), columns(terminal));

/** Waits until a page is drawn: the cursor is hidden while it is drawn, and then in the last row. */
async function drawn(terminal: Terminal, seed: number): Promise<void> {
  const isDrawn = ({ cursor, rows }: Terminal): boolean => cursor.visible && cursor.y === rows - 1;
  await terminal.eventually(
    (seen) => seen.screen().includes(`seed ${seed} `) && isDrawn(seen),
    `page ${seed} is drawn to its end`,
  );
}

test('the frame stays intact around 120 pages of any characters, each drawn over the last', async () => {
  await inTerminal(async (terminal) => {
    for (let seed = 1; seed <= 120; seed += 1) {
      await drawn(terminal, seed);
      assert.equal(problem(terminal), undefined, `seed ${seed}\n${terminal.describe()}`);
      terminal.press('r');
    }
  });
});

test('a page that is drawn over others looks like one drawn afresh', async () => {
  const pages: string[] = [];
  await inTerminal(async (terminal) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      await drawn(terminal, seed);
      terminal.press('r');
    }
    await drawn(terminal, 21);
    pages.push(terminal.screen());
    const before = terminal.received;
    terminal.press('l');
    await terminal.eventually((seen) => seen.received > before + 1_000, 'everything is drawn again');
    await terminal.eventually(
      (seen) => seen.cursor.visible && seen.cursor.y === 23,
      'it is drawn to its end',
    );
    pages.push(terminal.screen());
  });
  const [over, fresh] = pages.map((page) => page.slice(0, page.lastIndexOf('\n')));
  assert.equal(over, fresh);
});

test('the frame stays intact on a terminal that takes an emoji for one cell', async () => {
  await inTerminal(
    async (terminal) => {
      for (let seed = 1; seed <= 30; seed += 1) {
        await drawn(terminal, seed);
        assert.equal(problem(terminal), undefined, `seed ${seed}\n${terminal.describe()}`);
        terminal.press('r');
      }
    },
    { unicode: '6' },
  );
});

test('no text sends a control sequence to the terminal', async () => {
  await inTerminal(async (terminal) => {
    await terminal.shows('{bold,foo}{/}');
    const row = terminal.row(22);
    assert.match(row, /\[31mred.\[2J\{bold,foo\}\{\/\}.5mZ.deliver/u);
    assert.equal(terminal.bells, 0);
    const colours = new Set(
      terminal
        .cells(22)
        .slice(0, 30)
        .map((cell) => cell.foreground),
    );
    assert.equal(colours.size, 1, 'the colour in the text was not obeyed');
  });
});

test('keys, pastes, the mouse and the focus arrive', async () => {
  await inTerminal(async (terminal) => {
    await terminal.shows('seed 1 ');
    terminal.press('k');
    await terminal.shows('<k>');
    terminal.press('up');
    await terminal.shows('<up>');
    terminal.press('alt-enter');
    await terminal.shows('<alt-enter>');
    terminal.press('escape');
    await terminal.shows('<escape>');
    terminal.paste('two\nlines q');
    await terminal.shows('<paste "two\\nlines q">');
    terminal.click(12, 5);
    await terminal.shows('<press left 12,5>');
    terminal.wheel('down', 3, 4);
    await terminal.shows('<wheel-down none 3,4>');
    terminal.focus(false);
    await terminal.shows('<focus false>');
    assert.equal(terminal.title, 'a screen under test');
    terminal.press('b');
    await terminal.eventually((seen) => seen.bells === 1, 'the bell');
  });
});

test('the mouse can be given back to the terminal, and taken again', async () => {
  await inTerminal(async (terminal) => {
    await terminal.eventually((seen) => seen.mouseMode === 'drag', 'the mouse is reported');
    terminal.press('m');
    await terminal.eventually((seen) => seen.mouseMode === 'none', 'the mouse is not reported');
    terminal.press('m');
    await terminal.eventually((seen) => seen.mouseMode === 'drag', 'the mouse is reported again');
  });
});

test('a new size is drawn whole, larger and smaller', async () => {
  await inTerminal(async (terminal) => {
    await terminal.shows('80x24');
    for (const [width, height] of [
      [120, 36],
      [40, 10],
      [300, 100],
      [1, 1],
      [81, 25],
    ] as const) {
      terminal.resize(width, height);
      const head = ` ${width}x${height} dark`.slice(0, width);
      await terminal.eventually(
        (seen) => seen.row(0).startsWith(head.trimEnd()),
        `it is drawn at ${width}x${height}`,
      );
      await terminal.eventually(
        (seen) => seen.cell(0, 0).background === 237,
        `it is drawn at ${width}x${height}`,
      );
      if (height > 3 && width > 1)
        await terminal.eventually(
          (seen) => problem(seen) === undefined,
          `the frame stands at ${width}x${height}`,
        );
    }
  });
});

test('only what has changed is written', async () => {
  await inTerminal(async (terminal) => {
    await terminal.shows('seed 1 ');
    await terminal.eventually((seen) => seen.cursor.visible, 'it is drawn to its end');
    const before = terminal.received;
    terminal.press('k');
    await terminal.shows('<k>');
    await terminal.eventually((seen) => seen.cursor.visible, 'it is drawn to its end');
    assert.ok(terminal.received - before < 120, `${terminal.received - before} characters for one word`);
  });
});

test('while suspended it leaves the terminal alone, until the shell continues it', async () => {
  await inTerminal(
    async (terminal) => {
      await terminal.shows('ready>');
      terminal.type(`"${process.execPath}" "${PROGRAM}"\n`);
      await terminal.shows('seed 1 ');
      terminal.press('z');
      await terminal.shows('Stopped');
      await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
      terminal.type('echo "still" "here"\n');
      await terminal.shows('still here');
      terminal.resize(100, 30); // a stopped job gets no signal
      terminal.type('fg\n');
      await terminal.shows('100x30');
      await terminal.eventually((seen) => problem(seen) === undefined, 'the frame stands');
      assert.ok(terminal.alternate);
      assert.equal(terminal.mouseMode, 'drag');
      terminal.press('k');
      await terminal.shows('<k>');
      terminal.press('q');
      // Until the shell reads again, typed text may still go to the program that it waits for.
      await terminal.eventually(
        (seen) => seen.restored && seen.row(seen.cursor.y) === 'ready>',
        'the shell asks for more',
      );
      terminal.type('exit\n');
      await terminal.exit;
    },
    { command: 'bash', args: ['--norc', '--noprofile', '-i'], env: { PS1: 'ready> ' } },
  );
});

test('suspended without a shell that could continue it, it continues by itself', async () => {
  await inTerminal(async (terminal) => {
    await terminal.shows('seed 1 ');
    terminal.press('z');
    await terminal.eventually((seen) => seen.transcript.includes('\x1b[?1049l'), 'it leaves the screen');
    await terminal.eventually((seen) => seen.alternate && problem(seen) === undefined, 'it is back');
    terminal.press('k');
    await terminal.shows('<k>');
  });
});

test('frozen from outside and thawed, it draws itself anew', async () => {
  await inTerminal(async (terminal) => {
    await terminal.shows('seed 1 ');
    const before = terminal.received;
    terminal.signal('SIGSTOP');
    terminal.signal('SIGCONT');
    await terminal.eventually((seen) => seen.received > before + 1_000, 'everything is drawn again');
    terminal.press('k');
    await terminal.shows('<k>');
  });
});

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGINT', 130],
] as const)
  test(`${signal}: the terminal is as it was, the draft is saved, and the exit code is ${code}`, async () => {
    await endsWith(async (terminal) => terminal.signal(signal), { code, saved: 'signal <k>' });
  });

for (const [key, what] of [
  ['x', 'thrown'],
  ['p', 'rejected'],
] as const)
  test(`an error that is ${what} is printed after the terminal was restored`, async () => {
    await endsWith(
      async (terminal) => {
        terminal.press(key);
        await terminal.shows(`Error: ${what} on purpose`);
      },
      { code: 1, saved: `crash <k><${key}>` },
    );
  });

async function endsWith(
  cause: (terminal: Terminal) => Promise<void>,
  expected: { readonly code: number; readonly saved: string },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-screen-'));
  const SAVE_TO = join(folder, 'draft');
  try {
    await inTerminal(
      async (terminal) => {
        await terminal.shows('seed 1 ');
        terminal.press('k');
        await terminal.shows('<k>');
        await cause(terminal);
        assert.deepEqual(await terminal.exit, { code: expected.code, signal: 0 });
        await terminal.eventually(
          (seen) => seen.restored && !seen.bracketedPaste,
          'the terminal is as it was',
        );
        assert.equal(readFileSync(SAVE_TO, 'utf8'), expected.saved);
      },
      { env: { SAVE_TO } },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the window is closed: it saves and ends, quietly', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-screen-'));
  const SAVE_TO = join(folder, 'draft');
  const terminal = Terminal.start({ command: process.execPath, args: [PROGRAM], env: { SAVE_TO } });
  try {
    await terminal.shows('seed 1 ');
    terminal.hangUp();
    await eventually('it has saved', () => {
      try {
        return readFileSync(SAVE_TO, 'utf8') !== '';
      } catch {
        return false;
      }
    });
    await eventually('it has ended', () => !isRunning(terminal.pid), DEADLINE_MS);
    assert.match(readFileSync(SAVE_TO, 'utf8'), /^(signal|terminal-gone) /);
  } finally {
    if (isRunning(terminal.pid)) process.kill(terminal.pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Any sequence that sets attributes, with its numbers. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it is about
const LOOKS = /\x1b\[([\d;]*)m/g;

const looksIn = (transcript: string): Set<number> =>
  new Set([...transcript.matchAll(LOOKS)].flatMap(([, numbers = '']) => numbers.split(';').map(Number)));

test('with NO_COLOR there is bold, underline and reverse, and no colour', async () => {
  await inTerminal(
    async (terminal) => {
      await terminal.shows('80x24 plain');
      terminal.press('r');
      await terminal.shows('seed 2 ');
      const allowed = new Set([0, 1, 4, 7]);
      assert.deepEqual(
        [...looksIn(terminal.transcript)].filter((number) => !allowed.has(number)),
        [],
      );
      assert.ok(terminal.cell(1, 0).inverse, 'what is selected is reversed');
    },
    { env: { NO_COLOR: '1' } },
  );
});

test('a theme that is chosen recolours what is on the screen', async () => {
  await inTerminal(async (terminal) => {
    await drawn(terminal, 1);
    const dark = terminal.cell(0, 2).foreground;
    terminal.press('t');
    await terminal.shows('80x24 light');
    await terminal.eventually((seen) => seen.cell(0, 2).foreground !== dark, 'the frame has another colour');
  });
});

for (const TERM of ['tmux-256color', 'screen-256color', 'alacritty', 'foot', 'xterm', 'whatever-comes-next'])
  test(`TERM=${TERM} has 256 colours and lines that are lines, without any terminfo of the system`, async () => {
    await inTerminal(
      async (terminal) => {
        await drawn(terminal, 1);
        assert.equal(terminal.cell(0, 2).foreground, 246);
        assert.equal(terminal.cell(0, 2).text, '│');
        assert.equal(terminal.cell(1, 0).background, 237);
      },
      { env: { TERM, TERMINFO: '/nowhere', TERMINFO_DIRS: '/nowhere', HOME: '/nowhere' } },
    );
  });

for (const TERM of ['linux', 'vt220', 'ansi'])
  test(`TERM=${TERM} is drawn without colours and without reports`, async () => {
    await inTerminal(
      async (terminal) => {
        await drawn(terminal, 1);
        assert.equal(problem(terminal), undefined, terminal.describe());
        assert.equal(terminal.mouseMode, 'none');
        assert.doesNotMatch(terminal.transcript, /\?1049h|\?2004h|8;5;/);
        terminal.press('q');
        assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
        await terminal.eventually((seen) => seen.cursor.visible, 'the cursor is back');
      },
      { env: { TERM } },
    );
  });

for (const TERM of ['dumb', ''])
  test(`TERM="${TERM}" is refused with a reason`, async () => {
    await inTerminal(
      async (terminal) => {
        await terminal.shows('NoScreen terminal-is-dumb');
        assert.deepEqual(await terminal.exit, { code: 2, signal: 0 });
        assert.ok(!terminal.transcript.includes('\x1b['));
      },
      { command: 'sh', args: ['-c', `TERM="${TERM}" exec "${process.execPath}" "${PROGRAM}"`] },
    );
  });

test('without a terminal for its output it is refused with a reason', async () => {
  await inTerminal(
    async (terminal) => {
      await terminal.shows('NoScreen output-is-no-terminal');
      await terminal.exit;
    },
    { command: 'sh', args: ['-c', `"${process.execPath}" "${PROGRAM}" | cat`] },
  );
});
