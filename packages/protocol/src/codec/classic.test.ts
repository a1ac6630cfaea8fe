/** What programs of the older family send, and what strangers send in their name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, MAX_POST_LENGTH, position, serverId } from '@dualping/core';
import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { Message } from '../gen/csce438/sns.js';
import {
  classicAddressFromWire,
  classicPostFromWire,
  classicPostRead,
  classicTargetFromWire,
  encodeClassicPost,
  heartbeatFromWire,
  hostOfPeer,
  memberToClassic,
  NO_CLASSIC_SERVER,
  pathAndDataFromWire,
} from './classic.js';
import { classicReplyText, classicStatusOf } from './classic-replies.js';

const INFO = {
  serverID: 2,
  hostname: 'localhost',
  port: '10000',
  type: 'server',
  clusterID: 0,
  isMaster: false,
};
const PEER = '10.1.2.3:55555';

function metadata(entries: Readonly<Record<string, string>>): Metadata {
  const made = new Metadata();
  for (const [key, value] of Object.entries(entries)) made.set(key, value);
  return made;
}

const refusedAs = (reason: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DualpingError, String(error));
  assert.equal(error.reason, reason);
  assert.match(error.detail, text);
  return true;
};

test('the cluster of a heartbeat is in either key of the metadata, in its field, or is its server id', () => {
  const clusterOf = (headers: Readonly<Record<string, string>>, clusterID = 0, serverID = 2) =>
    heartbeatFromWire({ ...INFO, clusterID, serverID }, metadata(headers), PEER, 3).cluster;
  assert.equal(clusterOf({ 'cluster-id': '3' }), 3);
  assert.equal(clusterOf({ clusterid: '3' }), 3);
  assert.equal(clusterOf({}, 3), 3);
  assert.equal(clusterOf({ 'cluster-id': '2' }, 3), 2, 'who says it in both means the metadata');
  assert.equal(clusterOf({}, 0, 2), 2, 'some programs say the cluster by their server id');
  for (const id of [0, -1, 4])
    assert.throws(
      () => clusterOf({}, 0, id),
      refusedAs('invalid-argument', /"cluster-id".*is missing.*are 3$/),
    );
  for (const wrong of ['', 'one', '-1', '0', '1.5', '99999999'])
    assert.throws(() => clusterOf({ 'cluster-id': wrong }), refusedAs('invalid-argument', /cluster/));
});

test('a wildcard stands for the address that the call came from', () => {
  const addressOf = (hostname: string, peer = PEER) =>
    heartbeatFromWire({ ...INFO, hostname }, metadata({ clusterid: '1' }), peer, 1).address;
  assert.equal(addressOf('localhost'), 'localhost:10000');
  assert.equal(addressOf('0.0.0.0'), '10.1.2.3:10000');
  assert.equal(addressOf('::', '::1:55555'), '[::1]:10000');
  assert.equal(addressOf('0.0.0.0', '::ffff:10.0.0.9:55555'), '10.0.0.9:10000');
  assert.equal(addressOf('fe80::1'), '[fe80::1]:10000');
  assert.throws(() => addressOf(''), refusedAs('invalid-argument', /not a host and a port/));
  assert.throws(
    () => addressOf('0.0.0.0', 'unknown'),
    refusedAs('invalid-argument', /address of the caller/),
  );
  assert.equal(hostOfPeer('127.0.0.1:1'), '127.0.0.1');
});

test('a server says so in any case or not at all, a synchronizer in its type or in the metadata', () => {
  const typeOf = (type: string, headers: Readonly<Record<string, string>> = {}) =>
    heartbeatFromWire({ ...INFO, type }, metadata({ clusterid: '1', ...headers }), PEER, 1).type;
  for (const type of ['server', 'SERVER', 'Server', '']) assert.equal(typeOf(type), 'server');
  assert.equal(typeOf('follower'), 'follower');
  for (const type of ['server', '']) assert.equal(typeOf(type, { synchronizer: 'yes' }), 'synchronizer');
  assert.equal(typeOf('server', { synchronizer: 'no', 'registration-heartbeat': 'yes' }), 'server');
  assert.throws(() => typeOf('\u001b[2J'), refusedAs('invalid-argument', /is not a word/));
});

test('where a client is sent, there and back', () => {
  const member = {
    serverId: serverId(4),
    incarnation: 1,
    journalId: '',
    address: '[::1]:7000',
    liveness: 'heartbeat' as const,
    live: true,
    inSync: false,
  };
  const info = memberToClassic(member, 2, true);
  assert.deepEqual(info, {
    serverID: 4,
    hostname: '::1',
    port: '7000',
    type: 'server',
    clusterID: 2,
    isMaster: true,
  });
  assert.equal(classicAddressFromWire(info), member.address);
  assert.equal(classicAddressFromWire(NO_CLASSIC_SERVER), undefined);
  assert.throws(() => classicAddressFromWire({ ...info, port: '0' }), refusedAs('invalid-argument', /port/));
});

test('a post without its line end and with nothing that a terminal would act on', () => {
  const textOf = (msg: string) => classicPostFromWire({ username: '1', msg, timestamp: undefined });
  assert.equal(textOf('hello\n'), 'hello');
  assert.equal(textOf('hello\r\n'), 'hello');
  assert.equal(textOf('a\tb\u001b[2J\n'), 'a b [2J');
  assert.equal(textOf('two\nlines\n'), 'two\nlines');
  assert.equal(textOf('\n'), undefined);
  assert.equal(textOf(' \t\n'), undefined);
  assert.throws(() => textOf('x'.repeat(MAX_POST_LENGTH + 1)), refusedAs('invalid-post', /1001 characters/));
});

test('a post arrives as it was sent, with its time to the millisecond', () => {
  const post = { position: position(7), author: '4', text: 'héllo\nthere', timeMs: 1_763_713_703_123 };
  const read = classicPostRead(Message.decode(encodeClassicPost(post)));
  assert.deepEqual(read, { ...post, position: 0 });
});

test('targets and paths are judged', () => {
  assert.equal(classicTargetFromWire({ username: '1', arguments: [] }), undefined);
  assert.equal(classicTargetFromWire({ username: '1', arguments: [''] }), undefined);
  assert.equal(classicTargetFromWire({ username: '1', arguments: ['4', '5'] }), '4');
  assert.throws(
    () => classicTargetFromWire({ username: '1', arguments: ['a b'] }),
    refusedAs('invalid-user-name', /a b/),
  );
  assert.throws(() => pathAndDataFromWire({ path: '', data: '' }), refusedAs('invalid-argument', /missing/));
  for (const request of [
    { path: 'x'.repeat(257), data: '' },
    { path: 'x', data: 'x'.repeat(1_001) },
  ])
    assert.throws(() => pathAndDataFromWire(request), refusedAs('invalid-argument', /at most/));
});

test('whatever a stranger sends is judged or refused, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.record({
        serverID: fc.integer(),
        hostname: fc.string(),
        port: fc.string(),
        type: fc.string(),
        clusterID: fc.integer(),
        isMaster: fc.boolean(),
      }),
      fc.string(),
      fc.string(),
      (info, peer, msg) => {
        for (const act of [
          () => heartbeatFromWire(info, new Metadata(), peer, 3),
          () => classicAddressFromWire(info),
          () => classicPostFromWire({ username: '', msg, timestamp: undefined }),
        ])
          try {
            act();
          } catch (error) {
            assert.ok(error instanceof DualpingError, String(error));
          }
      },
    ),
  );
});

test('both dialects are understood by whoever reads the reply', () => {
  for (const replies of ['names', 'text'] as const) {
    assert.equal(classicStatusOf(classicReplyText('ok', replies)), 'success');
    assert.equal(classicStatusOf(classicReplyText('already-following', replies)), 'already-exists');
    assert.equal(classicStatusOf(classicReplyText('unknown-user', replies)), 'not-exists');
    assert.equal(classicStatusOf(classicReplyText('unknown-target', replies)), 'invalid-username');
    assert.equal(classicStatusOf(classicReplyText('not-following', replies)), 'not-a-follower');
  }
  assert.equal(classicStatusOf('FAILURE_UNKNOWN'), 'unknown');
  assert.equal(classicStatusOf('what?'), 'unknown');
});
