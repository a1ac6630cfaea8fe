import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { lockDataFolder } from './data-folder-lock.js';

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-lock-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const inUse = (folder: string, pid: number | undefined) => (error: unknown) =>
  error instanceof DualpingError && error.detail.includes(folder) && error.detail.includes(`pid ${pid}`);

/** Another process that locks the folder and prints that. */
async function otherHolder(context: TestContext, folder: string): Promise<ChildProcess> {
  const module = JSON.stringify(new URL('./data-folder-lock.js', import.meta.url).href);
  const code = `const { lockDataFolder } = await import(${module});
    lockDataFolder(${JSON.stringify(folder)}, 'server s7'); console.log('locked'); process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  await once(child.stdout ?? child, 'data');
  return child;
}

test('a folder is made, locked once, and free again after its release', (context) => {
  const folder = join(folderFor(context), 'a', 'b');
  const lock = lockDataFolder(folder, 'router');
  assert.throws(() => lockDataFolder(folder, 'router'), inUse(folder, process.pid));
  lock.release();
  lockDataFolder(folder, 'router').release();
  assert.deepEqual(readdirSync(folder), []);
});

test('a live holder keeps others out, a killed one does not', async (context) => {
  const folder = folderFor(context);
  const holder = await otherHolder(context, folder);
  assert.throws(() => lockDataFolder(folder, 'server s1'), inUse(folder, holder.pid));
  assert.throws(() => lockDataFolder(folder, 'server s1'), /server s7/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  lockDataFolder(folder, 'server s1').release();
  assert.deepEqual(readdirSync(folder), []);
});

test('a process id that was given to another process does not block a folder', (context) => {
  const folder = folderFor(context);
  const stale = join(folder, `lock-${process.ppid}-1`);
  writeFileSync(stale, 'server s1\n');
  if (process.platform !== 'linux') return; // only Linux shows when a process started
  lockDataFolder(folder, 'server s1').release();
  assert.equal(existsSync(stale), false);
});

test('a folder that can not be used is quoted', (context) => {
  const folder = folderFor(context);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.throws(() => lockDataFolder(join(file, 'x'), 'router'), /cannot be used/);
  assert.throws(() => lockDataFolder(file, 'router'), /cannot be used/);
  if (process.platform === 'linux')
    assert.throws(
      () => lockDataFolder('/proc/dualping/data', 'router'),
      /"\/proc\/dualping\/data" cannot be used/,
    );
  if (process.getuid?.() === 0) return; // root may write anywhere
  chmodSync(folder, 0o500);
  assert.throws(() => lockDataFolder(folder, 'router'), /cannot be used/);
  chmodSync(folder, 0o700);
});
