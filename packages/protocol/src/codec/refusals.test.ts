/** Breaks each rule of the wire once, and compares the refusal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, epoch, position, type Reason } from '@dualping/core';
import { Liveness, type PostReference, type Suspension } from '../gen/dualping/v1/types.js';
import * as codec from './index.js';

function refused(act: () => unknown, reason: Reason, text: RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof DualpingError);
    assert.equal(error.reason, reason);
    assert.match(error.detail, text);
    return true;
  });
}

const ATTACH = {
  networkId: '',
  cluster: 1,
  serverId: 1,
  incarnation: 1,
  journalId: 'j',
  lifeId: 'l',
  welcomedLife: '',
  revision: 0,
  stats: undefined,
  address: '127.0.0.1:7070',
  epoch: 0,
  replicates: true,
  attempt: 1,
  leaving: false,
  service: '',
  version: '',
  level: 0,
};
const HEADER = { sessionId: 's', requestNo: 2, user: 'alice', epoch: 1 };

test('numbers out of range are quoted with their field', () => {
  refused(() => codec.attachFromWire({ ...ATTACH, cluster: 0 }), 'invalid-argument', /cluster is "0"/);
  refused(
    () => codec.attachFromWire({ ...ATTACH, serverId: 2 ** 31 }),
    'invalid-argument',
    /server_id is "2147483648"/,
  );
  refused(
    () => codec.attachFromWire({ ...ATTACH, incarnation: 0 }),
    'invalid-argument',
    /incarnation is "0"/,
  );
});

test('ids must be present, short and printable', () => {
  refused(
    () => codec.attachFromWire({ ...ATTACH, journalId: '' }),
    'invalid-argument',
    /journal_id is missing/,
  );
  refused(
    () => codec.attachFromWire({ ...ATTACH, journalId: 'x'.repeat(81) }),
    'invalid-argument',
    /81 characters/,
  );
  refused(() => codec.attachFromWire({ ...ATTACH, networkId: 'a\x1b[2J' }), 'invalid-argument', /\\u001b/);
  assert.equal(codec.attachFromWire({ ...ATTACH, journalId: '', replicates: false }).journalId, '');
});

test('an empty message is refused, naming what was expected', () => {
  refused(() => codec.memberMessageFromWire({ message: undefined }), 'invalid-argument', /attach, ping/);
  refused(
    () => codec.timelineMessageFromWire({ message: undefined }),
    'invalid-argument',
    /open, older, answered_by, writes, token or alive/,
  );
  refused(() => codec.primaryMessageFromWire({ message: undefined }), 'invalid-argument', /joined/);
});

test('unknown enum values are quoted', () => {
  const member = {
    serverId: 1,
    incarnation: 1,
    journalId: 'j',
    lifeId: '',
    address: 'h:1',
    liveness: Liveness.UNSPECIFIED,
    live: true,
    inSync: true,
    unreachable: false,
    version: '',
    level: 0,
  };
  const assignment = {
    cluster: 1,
    revision: 1,
    epoch: 1,
    primary: undefined,
    available: false,
    unavailableReason: '',
    lastUncleanEpoch: 0,
    suspended: 0,
    level: 0,
    service: '',
    inSync: [],
    members: [member],
  };
  refused(() => codec.assignmentFromWire(assignment), 'invalid-argument', /liveness is "0"/);
  refused(
    () => codec.assignmentFromWire({ ...assignment, members: [], suspended: 3 as Suspension }),
    'invalid-argument',
    /suspended is "3"/,
  );
  const entry = { what: 9, timeMs: 1, epoch: 1, serverId: 0, detail: '' };
  refused(() => codec.historyFromWire({ entries: [entry] }), 'invalid-argument', /what is "9"/);
  const twice = { ...member, liveness: Liveness.STREAM };
  refused(
    () => codec.assignmentFromWire({ ...assignment, members: [twice, twice] }),
    'invalid-argument',
    /members has server id "1" twice/,
  );
});

test('user names and posts have reasons of their own', () => {
  const post = codec.requestFromWire.post;
  refused(
    () => post({ header: { ...HEADER, user: 'a b' }, text: 'x', answers: undefined }),
    'invalid-user-name',
    /"a b"/,
  );
  refused(() => post({ header: HEADER, text: 'a\x1b[31m', answers: undefined }), 'invalid-post', /U\+001B/);
  refused(() => post({ header: HEADER, text: ' ', answers: undefined }), 'invalid-post', /is empty/);
  refused(
    () => post({ header: undefined, text: 'x', answers: undefined }),
    'invalid-argument',
    /header is missing/,
  );
});

test('the reference of an answer is checked, and a bad value is quoted', () => {
  const answering = (post: Partial<PostReference>) =>
    codec.requestFromWire.post({
      header: HEADER,
      text: 'x',
      answers: { cluster: 0, position: 7, author: 'bob', ...post },
    });
  assert.deepEqual(answering({}).command, {
    kind: 'post',
    user: HEADER.user,
    text: 'x',
    answers: { position: 7, author: 'bob' },
  });
  refused(() => answering({ position: 0 }), 'invalid-argument', /position of the post .* is "0"/);
  refused(() => answering({ cluster: 10_001 }), 'invalid-argument', /cluster is "10001"/);
  refused(() => answering({ author: 'b b' }), 'invalid-user-name', /"b b"/);
  const post = { position: 8, author: 'ann', text: 'x', timeMs: 1, origin: undefined, unfollowed: false };
  const shown = (begin: string) =>
    codec.postFromWire({ ...post, answers: { post: { cluster: 0, position: 7, author: 'bob' }, begin } });
  assert.equal(shown('well').answers?.begin, 'well');
  refused(() => shown('x'.repeat(81)), 'invalid-post', /81 characters, at most 80/);
  refused(() => shown('a\nb'), 'invalid-post', /more than one line/);
  refused(() => shown('a\x1b[31m'), 'invalid-post', /U\+001B/);
  refused(
    () => codec.postFromWire({ ...post, answers: { post: undefined, begin: '' } }),
    'invalid-argument',
    /answers.post is missing/,
  );
});

test('request 1 is the login and the login is request 1', () => {
  refused(
    () => codec.requestFromWire.login({ header: HEADER, device: '', code: '' }),
    'invalid-argument',
    /request_no is "2"/,
  );
  refused(
    () => codec.requestFromWire.post({ header: { ...HEADER, requestNo: 1 }, text: 'x', answers: undefined }),
    'invalid-argument',
    /request_no is "1" for a post/,
  );
});

test('lists have their limits', () => {
  const batch = {
    epoch: 1,
    from: 1,
    committed: 0,
    entries: Array.from({ length: 513 }, () => Buffer.alloc(0)),
  };
  refused(
    () => codec.primaryMessageFromWire({ message: { $case: 'entries', value: batch } }),
    'invalid-argument',
    /513 entries, at most 512/,
  );
  refused(
    () => codec.timelineMessageFromWire({ message: { $case: 'older', value: { before: 9, limit: 201 } } }),
    'invalid-argument',
    /limit is "201"/,
  );
});

test('epoch starts must ascend', () => {
  refused(
    () =>
      codec.epochStartsFromWire([
        { epoch: 1, position: 1 },
        { epoch: 2, position: 1 },
      ]),
    'invalid-argument',
    /epoch 2 at 1 follows epoch 1 at 1/,
  );
});

test('a promotion that does not say unclean is refused', () => {
  refused(
    () => codec.promoteFromWire({ cluster: 1, serverId: 2, unclean: false, acceptLoss: false, service: '' }),
    'invalid-argument',
    /unclean must be true/,
  );
});

test("a peer's refusal with an unknown reason is still a refusal", () => {
  const message = codec.routerMessageFromWire({
    message: { $case: 'refused', value: { networkId: 'n', reason: 'too-tired', detail: 'zzz\x07' } },
  });
  assert.deepEqual(message, {
    kind: 'refused',
    networkId: 'n',
    reason: 'internal',
    detail: '"too-tired": zzz',
  });
});

test('bytes that are no entry are refused', () => {
  refused(() => codec.decodeEntry(Buffer.from([0xff])), 'invalid-argument', /1 bytes are not an entry/);
  refused(() => codec.decodeEntry(Buffer.alloc(6_000)), 'invalid-argument', /6000 bytes/);
  refused(() => codec.decodeEntry(Buffer.alloc(0)), 'invalid-argument', /no command/);
});

test('an entry at its longest fits into the limit of entries', () => {
  const longest = codec.encodeEntry({
    position: position(Number.MAX_SAFE_INTEGER),
    epoch: epoch(Number.MAX_SAFE_INTEGER),
    timeMs: Number.MAX_SAFE_INTEGER,
    sessionId: 's'.repeat(80),
    requestNo: Number.MAX_SAFE_INTEGER,
    command: { kind: 'post', user: 'u'.repeat(32), text: '\u{1F600}'.repeat(1_000) },
  });
  assert.ok(longest.length <= codec.MAX_ENTRY_BYTES, `${longest.length}`);
});

test("a supervisor's hello has a key, a process and an interval", () => {
  const hello = (value: Partial<{ key: string; pid: number; intervalMs: number }>) => () =>
    codec.supervisorMessageFromWire({
      message: { $case: 'hello', value: { key: 'k', pid: 7, intervalMs: 3_000, ...value } },
    });
  refused(hello({ key: '' }), 'invalid-argument', /key is missing/);
  refused(hello({ pid: 0 }), 'invalid-argument', /pid is "0"/);
  refused(hello({ intervalMs: 1 }), 'invalid-argument', /interval_ms is "1": must be 20/);
  refused(() => codec.supervisorMessageFromWire({ message: undefined }), 'invalid-argument', /hello or ping/);
});
