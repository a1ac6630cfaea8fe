/** The direction of imports, and the purity of the core, as docs/architecture.md promises them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url));

/** What each package may import of ours. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: ['core'],
  router: ['core', 'protocol'],
  server: ['core', 'protocol'],
  client: ['core', 'protocol'],
  terminal: ['client'],
  dualping: ['core', 'protocol', 'router', 'server', 'client', 'terminal'],
  sim: ['core'],
};

/** Clocks, chance, promises and I/O: what the core does without. */
const IMPURE =
  /\bDate\b|Math\.random|\bset(Timeout|Interval|Immediate)\b|\bPromise\b|\basync\b|\bawait\b|performance\.|crypto|from 'node:|\bprocess\./;

interface Source {
  readonly path: string;
  readonly text: string;
}

function sourcesOf(name: string): Source[] {
  const folder = join(PACKAGES, name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('gen/'))
    .map((path) => ({ path: join(name, 'src', path), text: readFileSync(join(folder, path), 'utf8') }));
}

const importsOf = ({ text }: Source): string[] =>
  [...text.matchAll(/from '([^']+)'/g)].map((match) => match[1] ?? '');

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

test('every package is known here', () => {
  assert.deepEqual(readdirSync(PACKAGES).sort(), Object.keys(ALLOWED).sort());
});

test('packages import only what lies below them', () => {
  for (const [name, allowed] of Object.entries(ALLOWED))
    for (const source of sourcesOf(name))
      for (const imported of importsOf(source)) {
        if (!imported.startsWith('@dualping/') && imported !== 'dualping') continue;
        const other = imported.replace('@dualping/', '');
        assert.ok(allowed.includes(other), `${source.path} imports ${imported}`);
      }
});

test('packages are entered by their front door', () => {
  for (const name of Object.keys(ALLOWED))
    for (const source of sourcesOf(name))
      for (const imported of importsOf(source))
        assert.doesNotMatch(
          imported,
          /^(\.\.\/)+[a-z]+\/src\/|^@dualping\/[a-z]+\//,
          `${source.path} imports ${imported}`,
        );
});

test('core is pure, and depends on nothing', () => {
  for (const source of sourcesOf('core')) {
    if (/\.(test|fixture)\.ts$/.test(source.path)) continue;
    const impure = IMPURE.exec(withoutComments(source.text));
    assert.equal(impure, null, `${source.path} has "${impure?.[0]}"`);
    for (const imported of importsOf(source))
      assert.match(imported, /^\.\.?\//, `${source.path} imports ${imported}`);
  }
});
