/** The direction of imports, and the purity of the core, as docs/architecture.md describes them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url));

/**
 * The dualping packages that each package may import; its manifest and its compiler's references must say the
 * same.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  runtime: ['core'],
  protocol: ['core'],
  host: ['core', 'runtime'],
  security: ['core', 'protocol', 'host'],
  router: ['core', 'runtime', 'protocol', 'host'],
  server: ['core', 'runtime', 'protocol', 'host'],
  client: ['core', 'runtime', 'protocol'],
  terminal: ['client', 'host'],
  dualping: ['core', 'runtime', 'protocol', 'host', 'security', 'router', 'server', 'client', 'terminal'],
  sim: ['core', 'runtime'],
};

/** The library, which other programs install: it must not touch their process or their disk. */
const LIBRARY = ['client', 'protocol', 'runtime', 'core'];
/** Modules that belong to a process and its machine; sockets and random numbers don't. */
const OF_THE_MACHINE = /^node:(fs|os|child_process|process|tty|readline|worker_threads|cluster)\b/;

/** Clocks, randomness, promises and I/O, which the core must not use. */
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
  [...text.matchAll(/(?:\bfrom |\bimport |\bimport\()'([^']+)'/g)].map((match) => match[1] ?? '');

/** The dualping packages among these names. */
function ours(names: Iterable<string>): string[] {
  const known = Object.keys(ALLOWED);
  return [...names]
    .map((name) => name.replace('@dualping/', ''))
    .filter((name) => known.includes(name))
    .sort();
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

test('every package is in the list of this test', () => {
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

test('what a package depends on is what it imports', () => {
  for (const [name, allowed] of Object.entries(ALLOWED)) {
    const read = (file: string) => JSON.parse(readFileSync(join(PACKAGES, name, file), 'utf8'));
    const expected = [...allowed].sort();
    const imported = ours(new Set(sourcesOf(name).flatMap(importsOf)));
    assert.deepEqual(imported, expected, `imports of ${name}`);
    const { dependencies = {} } = read('package.json');
    assert.deepEqual(ours(Object.keys(dependencies)), expected, `dependencies in ${name}/package.json`);
    const references = (read('tsconfig.json').references ?? []) as readonly { readonly path: string }[];
    const referred = ours(references.map(({ path }) => path.replace('../', '')));
    assert.deepEqual(referred, expected, `references in ${name}/tsconfig.json`);
  }
});

test("the library doesn't touch the process or its machine", () => {
  for (const name of LIBRARY) {
    for (const other of ALLOWED[name] ?? []) assert.ok(LIBRARY.includes(other), `${name} imports ${other}`);
    for (const source of sourcesOf(name)) {
      if (/\.(test|fixture)\.ts$/.test(source.path)) continue;
      for (const imported of importsOf(source))
        assert.doesNotMatch(imported, OF_THE_MACHINE, `${source.path} imports ${imported}`);
    }
  }
});

test('packages import one another only by the index', () => {
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

test('what an output of a machine means is said in one place, for production, simulator and tests', () => {
  const all = Object.keys(ALLOWED).flatMap(sourcesOf);
  const outputs = all.flatMap(({ path, text }) =>
    path.startsWith('core') ? [...text.matchAll(/implements Machine<\w+, (\w+)>/g)].map(([, it]) => it) : [],
  );
  assert.ok(outputs.length > 0);
  for (const output of outputs) {
    const performs = all.filter(({ text }) => text.includes(`#perform(output: ${output})`));
    assert.equal(performs.length, 1, `${output}: ${performs.map(({ path }) => path).join(', ')}`);
  }
  const loops = all.filter(
    ({ path, text }) => !path.endsWith('.test.ts') && text.includes('new MachineLoop'),
  );
  assert.equal(loops.length, outputs.length, loops.map(({ path }) => path).join(', '));
});
