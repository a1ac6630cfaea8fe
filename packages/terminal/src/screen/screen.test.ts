import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Token } from '../input/token.js';
import type { Size } from '../state/geometry.js';
import type { Frame } from '../view/row.js';
import { NoScreen } from './abilities.js';
import { openScreen, type Screen } from './screen.js';

/**
 * The part of a terminal's two streams that the screen uses; the test decides whether it accepts writes.
 */
class FakeTerminal {
  readonly input = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode(raw: boolean) {
      this.isRaw = raw;
      return this;
    },
    ref() {},
    unref() {},
  });
  readonly output = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 20,
    rows: 3,
    write: (text: string): boolean => {
      this.writes.push(text);
      return this.takes;
    },
  });
  readonly writes: string[] = [];
  takes = true;

  open(env: NodeJS.ProcessEnv = { TERM: 'xterm' }): Screen {
    const input = this.input as unknown as ReadStream;
    const output = this.output as unknown as WriteStream;
    return openScreen({ input, output, env, theme: 'dark', mouse: true });
  }

  written(): string {
    return this.writes.splice(0).join('');
  }

  drain(): void {
    this.takes = true;
    this.output.emit('drain');
  }

  resize(columns: number, rows: number): void {
    Object.assign(this.output, { columns, rows });
    this.output.emit('resize');
  }
}

const frame = (...rows: readonly string[]): Frame => ({
  rows: rows.map((text) => [{ text, role: 'text' }]),
  cursor: undefined,
});

/** A terminal's answer to the request for a sign of life. */
const SIGN = '\x1b[0n';

async function withScreen(
  act: (screen: Screen, terminal: FakeTerminal) => void | Promise<void>,
): Promise<void> {
  const terminal = new FakeTerminal();
  const screen = terminal.open();
  try {
    terminal.written();
    await act(screen, terminal);
  } finally {
    await screen.close();
  }
}

test('a frame is one write, and an unchanged frame is none', async () => {
  await withScreen((screen, terminal) => {
    screen.draw(frame('one', 'two', 'three'));
    assert.equal(terminal.writes.length, 1);
    assert.match(terminal.written(), /one.*two.*three/s);
    screen.draw(frame('one', 'two', 'three'));
    assert.equal(terminal.written(), '');
    screen.draw(frame('one', 'twx', 'three'));
    assert.match(terminal.written(), /x/);
  });
});

test('while the terminal is busy frames are left out; the newest is drawn when it has time', async () => {
  await withScreen((screen, terminal) => {
    terminal.takes = false;
    screen.draw(frame('first'));
    terminal.written();
    screen.draw(frame('second'));
    screen.draw(frame('third'));
    assert.equal(terminal.written(), '');
    terminal.drain();
    const text = terminal.written();
    assert.match(text, /thi/);
    assert.doesNotMatch(text, /sec/);
  });
});

test('the cursor is shown where the frame wants it, within the screen, and hidden where it wants none', async () => {
  await withScreen((screen, terminal) => {
    screen.draw({ ...frame('x'), cursor: { x: 4, y: 1 } });
    assert.match(terminal.written(), /\[2;5H.*\?25h/s);
    screen.draw({ ...frame('x'), cursor: { x: 400, y: 100 } });
    assert.match(terminal.written(), /\?25l.*\[3;20H.*\?25h/s);
    screen.draw(frame('x'));
    const hidden = terminal.written();
    assert.match(hidden, /\?25l/);
    assert.doesNotMatch(hidden, /\?25h/);
  });
});

test('a new size is reported once, and the next frame fills it', async () => {
  await withScreen((screen, terminal) => {
    const sizes: Size[] = [];
    screen.sizes$.subscribe((size) => sizes.push(size));
    screen.draw(frame('one'));
    terminal.resize(30, 4);
    terminal.resize(30, 4);
    assert.deepEqual(sizes, [{ width: 30, height: 4 }]);
    assert.deepEqual(screen.size, { width: 30, height: 4 });
    terminal.written();
    screen.draw(frame('one', '', '', 'four'));
    assert.match(terminal.written(), /one.*four/s);
  });
});

test('suspended it writes nothing; resumed it takes the terminal again and draws the last frame', async () => {
  await withScreen(async (screen, terminal) => {
    screen.draw(frame('before'));
    const suspended = screen.suspend();
    assert.match(terminal.written(), /\?1000l.*\?1049l.*\[5n/s);
    assert.equal(terminal.input.isRaw, true, 'reports may be on their way: the shell would echo them');
    terminal.input.write(`\x1b[<0;10;5M\x1b[<0;10;5m${SIGN}${SIGN}`);
    await suspended;
    assert.equal(terminal.input.isRaw, false);
    screen.draw(frame('meanwhile'));
    screen.ring();
    assert.equal(terminal.written(), '');
    screen.resume();
    assert.match(terminal.written(), /\?1049h.*\?1000h.*meanwhile/s);
    assert.equal(terminal.input.isRaw, true);
  });
});

test('close restores the terminal, once', async () => {
  const terminal = new FakeTerminal();
  const screen = terminal.open();
  screen.setTitle('a\x1b]0;b\x07c');
  assert.ok(terminal.written().includes('\x1b[22;2t\x1b]2;a]0;bc\x1b\\'));
  const closed = screen.close();
  assert.match(terminal.written(), /\?1000l.*\?2004l.*\?1049l.*\?25h.*\[23;2t/s);
  terminal.input.write(`\x1b[<0;10;5M${SIGN}${SIGN}`);
  await closed;
  assert.equal(terminal.input.isRaw, false);
  assert.equal(terminal.input.read(), null, 'what the mouse had reported is gone');
  await screen.close();
  screen.draw(frame('late'));
  screen.resume();
  assert.equal(terminal.written(), '');
});

test('keys before the first subscriber are not lost', async () => {
  const terminal = new FakeTerminal();
  const screen = terminal.open();
  terminal.input.write('early');
  const tokens: Token[] = [];
  await new Promise<void>((resolve) => {
    screen.tokens$.subscribe((token) => {
      tokens.push(token);
      if (tokens.length === 5) resolve();
    });
  });
  assert.deepEqual(
    tokens.map((token) => (token.kind === 'key' ? token.name : token.kind)),
    [...'early'],
  );
  await screen.close();
});

test('the loss of the terminal is reported to late subscribers too, and it is never written to again', async () => {
  const terminal = new FakeTerminal();
  const screen = terminal.open();
  terminal.output.emit('error', Object.assign(new Error('write EIO'), { code: 'EIO' }));
  let told = 0;
  screen.gone$.subscribe(() => {
    told += 1;
  });
  assert.equal(told, 1);
  terminal.written();
  screen.draw(frame('x'));
  await screen.close();
  assert.equal(terminal.written(), '');
});

test('no terminal, no screen', () => {
  const terminal = new FakeTerminal();
  terminal.output.isTTY = false;
  assert.throws(
    () => terminal.open(),
    (error) => error instanceof NoScreen && error.reason === 'output-is-no-terminal',
  );
  assert.throws(
    () => new FakeTerminal().open({ TERM: 'dumb' }),
    (error) => error instanceof NoScreen && error.reason === 'terminal-is-dumb',
  );
});
