/** What a program's author reads in the types of this package. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const namesIn = (list: string): string[] =>
  list
    .split(',')
    .map((name) => name.replace('type ', '').trim())
    .filter((name) => name !== '');

const DECLARATION =
  /(\*\/\s*)?^export (?:declare )?(?:abstract )?(?:class|function|const|type|interface|enum) (\w+)/gm;
const ALL_OF = /^export \* from '([^']+)'/gm;
const SOME_OF = /^export (?:type )?{([^}]*)} from '([^']+)'/gm;

/** The declarations of a module of ours; undefined for a module of others. */
function declarationsOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(importer), specifier.replace(/\.js$/, '.d.ts'));
  if (!specifier.startsWith('@dualping/')) return undefined;
  return fileURLToPath(import.meta.resolve(specifier)).replace(/\.js$/, '.d.ts');
}

/** What a module exports, and whether its declaration has a comment. */
function commentsOf(file: string): Map<string, boolean> {
  const text = readFileSync(file, 'utf8');
  const found = new Map<string, boolean>();
  for (const [, comment, name = ''] of text.matchAll(DECLARATION))
    found.set(name, comment !== undefined || found.get(name) === true);
  for (const [, specifier = ''] of text.matchAll(ALL_OF)) {
    const other = declarationsOf(specifier, file);
    if (other !== undefined) for (const [name, has] of commentsOf(other)) found.set(name, has);
  }
  for (const [, names = '', specifier = ''] of text.matchAll(SOME_OF)) {
    const other = declarationsOf(specifier, file);
    const comments = other === undefined ? undefined : commentsOf(other);
    for (const name of namesIn(names)) {
      const [original = '', alias = original] = name.split(' as ');
      found.set(alias, comments?.get(original) === true);
    }
  }
  return found;
}

test('every name that the package exports has its comment', () => {
  const comments = commentsOf(fileURLToPath(new URL('./index.d.ts', import.meta.url)));
  for (const known of ['DualpingMember', 'registerDualpingResolver', 'DualpingError', 'StreamEnd'])
    assert.ok(comments.has(known), known);
  const bare = [...comments].filter(([, has]) => !has).map(([name]) => name);
  assert.deepEqual(bare, []);
});
