/** Tables in the documents that must say what the code says. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { INVARIANTS, REASONS } from '@dualping/core';
import { STATUS_OF_REASON } from '@dualping/protocol';
import { status } from '@grpc/grpc-js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, root)), 'utf8');
const protocol = read('docs/protocol.md');

/** First cell to the words in code marks in the second, of all two-column rows. */
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

test('docs/protocol.md lists every invariant, and no other', () => {
  const section = protocol.slice(protocol.indexOf('## Invariants'));
  const cells = [...section.matchAll(/^\| ([a-z-]+(?:, [a-z-]+)*)/gm)].map((row) => row[1] ?? '');
  const names = cells.flatMap((cell) => cell.split(', ')).filter((name) => name.includes('-'));
  assert.deepEqual(names.sort(), Object.keys(INVARIANTS).sort());
});

test('every service of the protos is in docs/protocol.md', () => {
  for (const file of readdirSync(fileURLToPath(new URL('protos/dualping/v1/', root))))
    for (const [, name] of read(`protos/dualping/v1/${file}`).matchAll(/^service (\w+)/gm))
      assert.ok(protocol.includes(`\`${name}\``), name);
});
