import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { TerminalLines } from './lines.js';
import { Screen } from './screen.fixture.js';

test('output while a long line is typed appears above it, and the line stays complete', async () => {
  const screen = new Screen();
  const lines = new TerminalLines(screen.io, '> ');
  const typed = lines[Symbol.asyncIterator]();
  lines.prompt();
  screen.type('a line that wraps on a screen like this');
  lines.print('first');
  lines.print('second');
  assert.equal(screen.text, 'first\nsecond\n> a line that wraps\non a screen like thi\ns');
  screen.type('\r');
  assert.equal((await typed.next()).value, 'a line that wraps on a screen like this');
  lines.close();
});

test('after Ctrl-Z and fg it reads on', async () => {
  const screen = new Screen();
  const stopped = mock.method(process, 'kill', () => true);
  const lines = new TerminalLines(screen.io, '> ');
  const typed = lines[Symbol.asyncIterator]();
  lines.prompt();
  screen.type('\x1a');
  stopped.mock.restore();
  assert.deepEqual(stopped.mock.calls[0]?.arguments, [process.pid, 'SIGTSTP']);
  process.emit('SIGCONT');
  screen.type('still here\r');
  assert.equal((await typed.next()).value, 'still here');
  lines.close();
});
