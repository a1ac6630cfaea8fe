/** What a program sees that imports only this package. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const declarations = (module: string): string =>
  readFileSync(new URL(`./${module}.d.ts`, import.meta.url), 'utf8');

const namesIn = (list: string): string[] => list.split(',').map((name) => name.replace('type ', '').trim());

/** Types that only internal functions of the package use. */
const INTERNAL = new Set(['Target']);

test('every type that a public signature names can be named', () => {
  const index = declarations('index');
  const exported = new Set(
    [...index.matchAll(/^export (?:type )?{([^}]*)}/gm)].flatMap(([, names = '']) => namesIn(names)),
  );
  for (const module of [
    'dualping-session',
    'dualping-member',
    'router-client',
    'classic-connection',
    'name-resolver',
  ]) {
    assert.ok(index.includes(`'./${module}.js'`), module);
    for (const [, names = ''] of declarations(module).matchAll(
      /^import (?:type )?{([^}]*)} from '@dualping/gm,
    ))
      for (const name of namesIn(names))
        if (!INTERNAL.has(name)) assert.ok(exported.has(name), `${name} of ${module}`);
  }
});
