import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { OwnNetwork } from './own-network.js';

const PREFIX = 'net';
const headerOf = (networkId: string): string => JSON.stringify({ dualpingRouter: 2, networkId, clusters: 1 });

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-own-network-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('it serves the first network that it finds, and no other one, and says which the store has', () => {
  const own = new OwnNetwork({ prefix: PREFIX, folder: undefined });
  assert.equal(own.objectionTo(undefined), undefined, 'it may make a network');
  assert.equal(own.objectionTo(headerOf('a')), undefined);
  assert.match(own.objectionTo(headerOf('b')) ?? '', /has the network b, and this router serves network a:/);
  assert.match(own.objectionTo(undefined) ?? '', /has lost its content: .* serves network a:/);
  assert.equal(own.objectionTo(headerOf('a')), undefined, 'it is back');
});

test('it serves the network that it has made', () => {
  const own = new OwnNetwork({ prefix: PREFIX, folder: undefined });
  own.serve('a');
  assert.match(
    own.objectionTo(undefined) ?? '',
    /serves network a: .* stop all routers and start them again/,
  );
});

test('with a folder it still knows the network after a restart, below the same prefix', (context) => {
  const folder = join(folderOf(context), 'made for it');
  new OwnNetwork({ prefix: PREFIX, folder }).serve('a');
  assert.deepEqual(readdirSync(folder), ['network.json']);
  const own = new OwnNetwork({ prefix: PREFIX, folder });
  assert.equal(own.id, 'a');
  assert.match(own.objectionTo(headerOf('b')) ?? '', /remove ".*network\.json" and start them again/);
  assert.equal(new OwnNetwork({ prefix: 'other', folder }).objectionTo(headerOf('b')), undefined);
});

test('a header that no router has written is left to the leader, which names the key', () => {
  const own = new OwnNetwork({ prefix: PREFIX, folder: undefined });
  own.serve('a');
  for (const header of ['', '{}', 'null', '{"dualpingRouter":99,"networkId":"a","clusters":1}'])
    assert.equal(own.objectionTo(header), undefined);
});

test('a file that no router has written is refused with its content', (context) => {
  const folder = folderOf(context);
  for (const text of ['', 'null', '{"networkId":1}']) {
    writeFileSync(join(folder, 'network.json'), text);
    assert.throws(
      () => new OwnNetwork({ prefix: PREFIX, folder }),
      (error) => error instanceof DualpingError && error.detail.includes('is not what a router writes'),
    );
  }
});
