/** Facts in the documents that must agree with the code. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { INVARIANTS, REASONS } from '@dualping/core';
import { RULES, STATUS_OF_REASON } from '@dualping/protocol';
import { status } from '@grpc/grpc-js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, root)), 'utf8');
const protocol = read('docs/protocol.md');

/** All two-column rows: the first cell, and the words in code marks of the second. */
const rows = new Map(
  [...protocol.matchAll(/^\| (.+?) \| (.+?) \|$/gm)].map((row) => [
    row[1] ?? '',
    [...(row[2] ?? '').matchAll(/`([a-z-]+)`/g)].map((word) => word[1] ?? ''),
  ]),
);

test('docs/protocol.md says what to do about every reason', () => {
  for (const [reason, action] of Object.entries(REASONS)) {
    const row = [...rows].find(([cell]) => cell.includes(`\`${action}\``));
    assert.ok(row?.[1].includes(reason), `${reason} under ${action}`);
  }
});

test('docs/protocol.md gives the status of every reason', () => {
  for (const [reason, code] of Object.entries(STATUS_OF_REASON))
    assert.ok(rows.get(status[code])?.includes(reason), `${reason} under ${status[code]}`);
});

const invariants = protocol.slice(protocol.indexOf('## Invariants'));
const [ofCore = '', ofSimulatorOnly = ''] = invariants.split('What only the simulator checks');

/** Cells of the rows whose first cell begins with an invariant's name. */
const invariantRows = (table: string): readonly (readonly [name: string, ...cells: string[]])[] =>
  [...table.matchAll(/^\| ([a-z]+(?:-[a-z]+)+)([^|]*) \|(.+)\|$/gm)].map((row) => [
    row[1] ?? '',
    ...(row[3] ?? '').split('|'),
  ]);

/** Source files under a folder, without tests, as the documents call them: without `packages/` and `src/`. */
function sourcesUnder(folder: string): string[] {
  return readdirSync(fileURLToPath(new URL(folder, root)), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesUnder(path);
    return /(?<!\.test|\.fixture)\.ts$/.test(path) ? [path] : [];
  });
}
const shortName = (path: string): string =>
  path
    .replace(/^packages\//, '')
    .replace('/src/', '/')
    .replace(/^sim\/(checkers\/)?/, '');
const filesIn = (cell: string): string[] =>
  [...cell.matchAll(/`([\w/-]+\.ts)`/g)].map((file) => file[1] ?? '');

test('docs/protocol.md lists every invariant of the machines, and no other', () => {
  const names = invariantRows(ofCore).map(([name]) => name);
  assert.deepEqual(names.sort(), Object.keys(INVARIANTS).sort());
});

test('docs/protocol.md says in which files each invariant is asserted', () => {
  const sources = ['packages/core/src', 'packages/router/src', 'packages/server/src']
    .flatMap(sourcesUnder)
    .filter((path) => !path.endsWith('/invariants.ts'));
  for (const [name, assertedIn = ''] of invariantRows(ofCore)) {
    const [asserted = '', byConstruction = ''] = assertedIn.split('by construction');
    const holders = sources.filter((path) => read(path).includes(`'${name}'`)).map(shortName);
    assert.deepEqual(filesIn(asserted).sort(), holders.sort(), name);
    const known = new Set(sources.map(shortName));
    for (const file of filesIn(byConstruction)) assert.ok(known.has(file), `${name}: there is no ${file}`);
  }
});

test('docs/protocol.md lists every invariant that the simulator checks, with its file', () => {
  const sources = new Map(sourcesUnder('packages/sim/src').map((path) => [shortName(path), read(path)]));
  const listed = new Set<string>();
  const look = (file: string, name: string): void => {
    assert.ok(sources.get(file)?.includes(`'${name}'`), `${file} has no ${name}`);
    listed.add(`${file} ${name}`);
  };
  for (const [, , checkedIn = ''] of invariantRows(ofCore))
    for (const [, file = '', name = ''] of checkedIn.matchAll(/`([\w-]+\.ts)` ([a-z-]+)/g)) look(file, name);
  for (const [name, checkedIn = ''] of invariantRows(ofSimulatorOnly))
    for (const file of filesIn(checkedIn)) look(file, name);
  for (const [file, source] of sources)
    for (const [, name] of source.matchAll(/new Violation\(\s*'([a-z-]+)'/g))
      assert.ok(listed.has(`${file} ${name}`), `${name} of ${file} is not in docs/protocol.md`);
});

test('every call that has a role is in the table of docs/security.md', () => {
  const document = read('docs/security.md');
  const table = document.slice(
    document.indexOf('## Who may call what'),
    document.indexOf('## The classic wire'),
  );
  for (const path of Object.keys(RULES)) {
    const [, service = '', call = ''] = /^\/(?:\w+\.)+(\w+)\/(\w+)$/.exec(path) ?? [];
    assert.ok(table.includes(`\`${call}\``) || table.includes(`\`${service}\``), path);
  }
});

const documentsOfDocs = (): string[] =>
  readdirSync(fileURLToPath(new URL('docs/', root))).flatMap((name) =>
    name.endsWith('.md') ? [`docs/${name}`] : [],
  );

test('links between the documents lead somewhere', () => {
  for (const document of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...documentsOfDocs()]) {
    const text = read(document);
    for (const [, path = ''] of text.matchAll(/\]\((?![a-z]+:|#)([^)#]+)[^)]*\)/g))
      assert.ok(existsSync(new URL(path, new URL(document, root))), `${document} links to ${path}`);
    for (const [path] of text.matchAll(/\bdocs\/[\w-]+\.md\b/g))
      assert.ok(existsSync(new URL(path, root)), `${document} names ${path}`);
  }
});

test('every service of the protos is in docs/protocol.md', () => {
  for (const file of readdirSync(fileURLToPath(new URL('protos/dualping/v1/', root))))
    for (const [, name] of read(`protos/dualping/v1/${file}`).matchAll(/^service (\w+)/gm))
      assert.ok(protocol.includes(`\`${name}\``), name);
});

test('the lines of a scenario that docs/architecture.md quotes are in it, in this order', () => {
  const blocks = [...read('docs/architecture.md').matchAll(/^```scenario (\S+)\n([^`]*)```$/gm)];
  assert.ok(blocks.length >= 3);
  for (const [, name = '', block = ''] of blocks) {
    const lines = read(`packages/sim/scenarios/${name}`).split('\n');
    let at = 0;
    for (const line of block.trimEnd().split('\n')) {
      at = lines.indexOf(line, at) + 1;
      assert.ok(at > 0, `${name} has no line "${line}" there`);
    }
  }
});

test('documents say how many mutants there are', () => {
  const mutants = [...read('packages/sim/src/mutants.ts').matchAll(/^ {4}name: '/gm)];
  for (const document of ['README.md', 'docs/architecture.md'])
    assert.ok(read(document).includes(`${mutants.length} deliberate bugs`), `${document}: ${mutants.length}`);
});

/** As `lineWidth` of biome.json, which wraps code and leaves comments and documents alone. */
const MAX_COLUMNS = 110;

test('documents are within 110 columns, except tables, code, pictures and long links', () => {
  for (const document of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...documentsOfDocs()]) {
    let isCode = false;
    for (const [at, line] of read(document).split('\n').entries()) {
      if (line.startsWith('```')) isCode = !isCode;
      const isExempt = isCode || /^\s*\||^!\[|^\s*(?:[-*] |\d+\. )?\S+$/.test(line);
      assert.ok(isExempt || [...line].length <= MAX_COLUMNS, `${document}:${at + 1} is too long: ${line}`);
    }
  }
});

test('comments are within 110 columns, except drawings', () => {
  const folders = readdirSync(fileURLToPath(new URL('packages/', root))).map(
    (name) => `packages/${name}/src/`,
  );
  for (const folder of [...folders, 'e2e/src/'])
    for (const file of readdirSync(fileURLToPath(new URL(folder, root)), {
      recursive: true,
      encoding: 'utf8',
    })) {
      if (!file.endsWith('.ts') || file.startsWith('gen/') || file.endsWith('.test.ts')) continue;
      for (const [at, line] of read(`${folder}${file}`).split('\n').entries()) {
        const [, text] = /^\s*(?:\/\/|\*|\/\*\*) (.*)$/.exec(line) ?? [];
        const isDrawn = text === undefined || /^ |\S {2,}\S|^\||biome-ignore/.test(text);
        assert.ok(isDrawn || [...line].length <= MAX_COLUMNS, `${folder}${file}:${at + 1} is too long`);
      }
    }
});
