import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type FileOperations, nodeFiles, type OpenFile } from './files.js';
import { replaceFile, replaceFileNow } from './replace-file.js';

/** A file with the content `old`. */
function oldFile(context: TestContext): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'dualping-replace-'));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  fs.writeFileSync(path, 'old');
  return path;
}

const NEW = Buffer.from('the new content');
const contentOf = (path: string): string => fs.readFileSync(path, 'utf8');
const namesBeside = (path: string): string[] => fs.readdirSync(dirname(path));

/** The machine's files; `before` is called before each operation, and may fail or never end. */
function told(before: (operation: string) => unknown): FileOperations {
  const file = (open: OpenFile): OpenFile => ({
    path: open.path,
    size: () => open.size(),
    read: (into, offset) => open.read(into, offset),
    truncate: (size) => open.truncate(size),
    write: async (bytes, offset) => {
      await before('write');
      // Half of it, and then the rest: a crash may come between.
      await open.write(bytes.subarray(0, bytes.length / 2), offset);
      await before('write on');
      await open.write(bytes.subarray(bytes.length / 2), offset + Math.floor(bytes.length / 2));
    },
    sync: async () => {
      await before('sync');
      await open.sync();
    },
    close: () => open.close(),
  });
  return {
    ...nodeFiles,
    create: async (path, mode) => {
      await before('create');
      return file(await nodeFiles.create(path, mode));
    },
    rename: async (from, to) => {
      await before('rename');
      await nodeFiles.rename(from, to);
    },
    syncFolder: async (path) => {
      await before('sync folder');
      await nodeFiles.syncFolder(path);
    },
  };
}

const STEPS = ['create', 'write', 'write on', 'sync', 'rename', 'sync folder'];
const isInPlace = (step: string): boolean => step === 'sync folder';

test('a file is synced before it gets its name, and its folder after that', async (context) => {
  const path = oldFile(context);
  const done: string[] = [];
  await replaceFile(
    told((operation) => void done.push(operation)),
    path,
    NEW,
  );
  assert.deepEqual(done, STEPS);
  assert.equal(contentOf(path), String(NEW));
  assert.deepEqual(namesBeside(path), ['file']);
});

test('a step that fails leaves the old file, or the new one, and nothing beside it', async (context) => {
  for (const step of STEPS) {
    const path = oldFile(context);
    const failing = told((operation) => {
      if (operation === step) throw new Error(`${step} failed`);
    });
    await assert.rejects(replaceFile(failing, path, NEW), new RegExp(`${step} failed`));
    assert.equal(contentOf(path), isInPlace(step) ? String(NEW) : 'old', step);
    assert.deepEqual(namesBeside(path), ['file'], step);
  }
});

test('a process that dies at any step leaves the old file, or the new one', async (context) => {
  for (const step of STEPS) {
    const path = oldFile(context);
    let died = () => {};
    const dead = new Promise<void>((resolve) => {
      died = resolve;
    });
    const dying = told((operation) => {
      if (operation !== step) return;
      died();
      return new Promise<never>(() => {}); // nothing of it ever goes on
    });
    void replaceFile(dying, path, NEW);
    await dead;
    assert.equal(contentOf(path), isInPlace(step) ? String(NEW) : 'old', step);
    await replaceFile(nodeFiles, path, Buffer.from('the next')); // the left-over file does no harm
    assert.equal(contentOf(path), 'the next');
    assert.deepEqual(namesBeside(path), ['file'], step);
  }
});

test('a failure to clean up does not hide what failed first', async (context) => {
  const files = told((operation) => {
    if (operation === 'sync') throw new Error('the disk is full');
  });
  const remove = () => Promise.reject(new Error('nor removed'));
  await assert.rejects(replaceFile({ ...files, remove }, oldFile(context), NEW), /the disk is full/);
});

test('the new file has the permissions that were asked for', async (context) => {
  const path = oldFile(context);
  const mode = (): number => fs.statSync(path).mode & 0o777;
  await replaceFile(nodeFiles, path, NEW, { mode: 0o600 });
  assert.equal(mode(), 0o600);
  replaceFileNow(path, 'newer', { mode: 0o400 });
  assert.equal(mode(), 0o400);
  assert.equal(contentOf(path), 'newer');
});

test('two that replace a file at once, under names of their own, leave one of their contents', async (context) => {
  const path = oldFile(context);
  const contents = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000));
  const writes = contents.map((content) =>
    replaceFile(nodeFiles, path, Buffer.from(content), { temporary: `${path}.${content[0]}` }),
  );
  await Promise.all(writes);
  assert.ok(contents.includes(contentOf(path)));
  assert.deepEqual(namesBeside(path), ['file']);
});

const NOW_STEPS = ['openSync', 'writeFileSync', 'fdatasyncSync', 'renameSync', 'openSync', 'fsyncSync'];

/** Returns which calls of `NOW_STEPS` `work` makes; the one with that number fails. */
function calls(context: TestContext, work: () => void, failing?: number): string[] {
  const made: string[] = [];
  for (const name of new Set(NOW_STEPS) as Set<'openSync'>) {
    const original = fs[name];
    context.mock.method(fs, name, (...args: Parameters<typeof original>) => {
      made.push(name);
      if (made.length - 1 === failing) throw new Error(`${name} failed`);
      return original(...args);
    });
  }
  syncBuiltinESMExports();
  try {
    work();
  } finally {
    context.mock.restoreAll();
    syncBuiltinESMExports();
  }
  return made;
}

test('synchronously: the same steps in the same order, without syncs if none are asked for', (context) => {
  const path = oldFile(context);
  assert.deepEqual(
    calls(context, () => replaceFileNow(path, 'new')),
    NOW_STEPS,
  );
  assert.deepEqual(
    calls(context, () => replaceFileNow(path, 'newer', { durable: false })),
    ['openSync', 'writeFileSync', 'renameSync'],
  );
  assert.equal(contentOf(path), 'newer');
});

test('at once: what fails leaves the old file and nothing beside it; a folder need not be synced', (context) => {
  for (const [at, step] of NOW_STEPS.entries()) {
    const path = oldFile(context);
    const replace = () => calls(context, () => replaceFileNow(path, 'new'), at);
    const inPlace = at > NOW_STEPS.indexOf('renameSync');
    if (inPlace) replace();
    else assert.throws(replace, new RegExp(`${step} failed`));
    assert.equal(contentOf(path), inPlace ? 'new' : 'old', step);
    assert.deepEqual(namesBeside(path), ['file'], step);
  }
});
