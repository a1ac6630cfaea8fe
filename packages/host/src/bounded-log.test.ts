import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BoundedLog, lastLine, MAX_LOG_BYTES, openLog } from './bounded-log.js';

function pathFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-log-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'logs', 's1.log');
}

test('a log begins anew at its bound, and keeps the one before', (context) => {
  const path = pathFor(context);
  const log = new BoundedLog(path, 1_000);
  for (let line = 0; line < 100; line += 1) log.write(`line ${line} ${'x'.repeat(20)}`);
  log.close();
  assert.ok(statSync(path).size < 1_000);
  assert.ok(statSync(`${path}.1`).size < 1_100);
  const kept = readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8');
  assert.match(kept, /line 99 x+\n$/);
  const numbers = kept.match(/(?<=line )\d+/g)?.map(Number) ?? [];
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, at) => 100 - numbers.length + at),
  );
});

test('what a process has as its output stays the same file', (context) => {
  const path = pathFor(context);
  const theirs = openLog(path);
  writeFileSync(path, 'x'.repeat(MAX_LOG_BYTES));
  const ours = openLog(path);
  writeSync(theirs, 'still there\n');
  assert.equal(readFileSync(path, 'utf8'), 'still there\n');
  assert.equal(statSync(`${path}.1`).size, MAX_LOG_BYTES);
  assert.equal(lastLine(path), 'still there');
  closeSync(theirs);
  closeSync(ours);
});

test("a log that can't be written has no other effect", (context) => {
  const path = pathFor(context);
  const log = new BoundedLog(join(path, 'deeper'));
  writeFileSync(join(path, '..', '..', 'logs'), '');
  log.write('lost');
  assert.equal(existsSync(path), false);
  assert.equal(lastLine(path), '');
});

test('a process bounds its own output if it is that log', (context) => {
  const path = pathFor(context);
  const module = JSON.stringify(new URL('./bounded-log.js', import.meta.url).href);
  const output = openLog(path);
  const code = `const { boundOwnLog } = await import(${module});
    const { mock } = await import('node:test');
    mock.timers.enable({ apis: ['setInterval'] });
    boundOwnLog(${JSON.stringify(path)});
    process.stderr.write('x'.repeat(${MAX_LOG_BYTES}));
    mock.timers.tick(10_000);
    console.error('after');`;
  spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'ignore', output],
  });
  closeSync(output);
  assert.equal(readFileSync(path, 'utf8'), 'after\n');
  assert.equal(statSync(`${path}.1`).size, MAX_LOG_BYTES);
});
