/** Which bundle `bin/dualping.js` runs, and when it runs none. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

interface Part {
  readonly isCompiled: boolean;
  readonly start: (argv: readonly string[]) => unknown;
}
interface Bundled {
  readonly codeCacheKey: string;
  bundledPart(name: string, folder: string): Part | undefined;
  scriptOf(file: string): { createCachedData(): Buffer };
}

const { bundledPart, codeCacheKey, scriptOf } = (await import(
  new URL('../bin/bundled.js', import.meta.url).href
)) as Bundled;

const CODE = `(function (exports, require, module, __filename, __dirname) {
  exports.start = (argv) => [argv, require('node:path').basename(__filename)];
})`;

/** A bundle of one part, made of one module. @returns its folder, and where the module is */
function bundle(context: TestContext, compiled?: Buffer, name = 'part'): { folder: string; module: string } {
  const parent = mkdtempSync(join(tmpdir(), 'dualping-bundle-'));
  context.after(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, 'bundle');
  mkdirSync(folder);
  const module = join(parent, 'module.js');
  writeFileSync(module, '');
  writeFileSync(join(folder, 'part.cjs'), CODE);
  if (compiled !== undefined) writeFileSync(join(folder, 'compiled'), compiled);
  const codeCaches = compiled === undefined ? {} : { [codeCacheKey]: 'compiled' };
  const inputs = { '../module.js': statSync(module).mtimeMs };
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ inputs, parts: { [name]: { code: 'part.cjs', codeCaches } } }),
  );
  return { folder, module };
}

test('a part is run with its arguments, with or without compiled code', (context) => {
  const { folder } = bundle(context);
  const plain = bundledPart('part', folder);
  assert.deepEqual(plain?.start(['a']), [['a'], 'part.cjs']);
  assert.equal(plain?.isCompiled, false);
  const compiled = bundle(context, scriptOf(join(folder, 'part.cjs')).createCachedData());
  const fast = bundledPart('part', compiled.folder);
  assert.deepEqual(fast?.start(['a']), [['a'], 'part.cjs']);
  assert.equal(fast?.isCompiled, true);
});

test('code that another V8 has compiled is compiled again', (context) => {
  const { folder } = bundle(context, Buffer.from('of another V8'));
  const part = bundledPart('part', folder);
  assert.equal(part?.isCompiled, false);
  assert.deepEqual(part?.start([]), [[], 'part.cjs']);
});

test('without a bundle, or for a part that is not in it, the modules run', (context) => {
  const { folder } = bundle(context);
  for (const name of ['other', 'constructor', '']) assert.equal(bundledPart(name, folder), undefined);
  assert.equal(bundledPart('part', join(folder, 'nowhere')), undefined);
});

test('a word without a part of its own runs the part of all commands', (context) => {
  const { folder } = bundle(context, undefined, 'main');
  for (const word of ['client', '--help', 'constructor', ''])
    assert.deepEqual(bundledPart(word, folder)?.start([word]), [[word], 'part.cjs']);
});

test('a bundle of an older build, or of a missing one, is not used', (context) => {
  const { folder, module } = bundle(context);
  utimesSync(module, new Date(), new Date(0));
  assert.equal(bundledPart('part', folder), undefined);
  rmSync(module);
  assert.equal(bundledPart('part', folder), undefined);
});
