import assert from 'node:assert/strict';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { temporaryFolder } from '../router.fixture.js';
import { PATHS_NAME, PathStore } from './path-store.js';

async function filled(context: TestContext): Promise<{ folder: string; file: string }> {
  const folder = await temporaryFolder(context);
  const store = await PathStore.open(folder);
  assert.equal(await store.create({ path: '/a', data: '1' }), true);
  assert.equal(await store.create({ path: '/b', data: 'ü\n' }), true);
  await store.close();
  return { folder, file: join(folder, PATHS_NAME) };
}

async function there(folder: string, ...paths: readonly string[]): Promise<boolean[]> {
  const store = await PathStore.open(folder);
  const found = paths.map((path) => store.exists(path));
  await store.close();
  return found;
}

test('paths are kept, and made once', async (context) => {
  const { folder, file } = await filled(context);
  const before = await readFile(file);
  const store = await PathStore.open(folder);
  assert.equal(await store.create({ path: '/a', data: '2' }), false);
  await store.close();
  assert.deepEqual(await readFile(file), before);
  assert.deepEqual(await there(folder, '/a', '/b', '/c'), [true, true, false]);
});

test('of many simultaneous calls for one path, one makes it', async (context) => {
  const store = await PathStore.open(await temporaryFolder(context));
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, at) => store.create({ path: `/p${at % 5}`, data: `${at}` })),
  );
  assert.equal(made.filter(Boolean).length, 5);
  await store.close();
});

test('an incomplete end is cut, wherever it ends', async (context) => {
  const { folder, file } = await filled(context);
  const whole = await readFile(file);
  const first = whole.indexOf('\n') + 1;
  for (let length = first; length < whole.length; length += 1) {
    await writeFile(file, whole);
    await truncate(file, length);
    assert.deepEqual(await there(folder, '/a', '/b'), [true, false]);
  }
  const store = await PathStore.open(folder);
  assert.equal(await store.create({ path: '/b', data: '' }), true, 'and it goes on from there');
  await store.close();
  assert.deepEqual(await there(folder, '/a', '/b'), [true, true]);
});

test('damage is refused, with its place', async (context) => {
  const { folder, file } = await filled(context);
  const bytes = await readFile(file);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await assert.rejects(PathStore.open(folder), (error: unknown) => {
    assert.ok(error instanceof DualpingError);
    assert.equal(error.reason, 'storage-failed');
    assert.match(error.detail, /paths\.log is damaged at line 1 \(byte 0\)/);
    return true;
  });
});
