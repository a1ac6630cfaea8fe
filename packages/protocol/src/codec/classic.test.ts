/** Messages of csce438 programs, and of strangers that imitate them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, MAX_POST_LENGTH, position, postProblem, serverId } from '@dualping/core';
import { Metadata, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { Message } from '../gen/csce438/sns.js';
import {
  CLASSIC_OPENER,
  classicAddressFromWire,
  classicPostRead,
  classicPostsFromWire,
  classicTargetFromWire,
  classicTimelineMetadata,
  classicTimelineUser,
  encodeClassicPost,
  heartbeatFromWire,
  hostOfPeer,
  isClassicOpener,
  memberToClassic,
  NO_CLASSIC_SERVER,
  pathAndDataFromWire,
} from './classic.js';
import {
  CLASSIC_REPLIES,
  type ClassicCall,
  type ClassicOutcome,
  classicRepliesFromHeader,
  classicRepliesHeader,
  classicReply,
  readClassicReply,
} from './classic-replies.js';

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

test('a wildcard means the address that the call came from', () => {
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

test('a server may give its type in any case or not at all, a synchronizer in its type or in the metadata', () => {
  const typeOf = (type: string, headers: Readonly<Record<string, string>> = {}) =>
    heartbeatFromWire({ ...INFO, type }, metadata({ clusterid: '1', ...headers }), PEER, 1).type;
  for (const type of ['server', 'SERVER', 'Server', '']) assert.equal(typeOf(type), 'server');
  assert.equal(typeOf('follower'), 'follower');
  for (const type of ['server', '']) assert.equal(typeOf(type, { synchronizer: 'yes' }), 'synchronizer');
  assert.equal(typeOf('server', { synchronizer: 'no', 'registration-heartbeat': 'yes' }), 'server');
  assert.throws(() => typeOf('\u001b[2J'), refusedAs('invalid-argument', /is not a word/));
});

test('the address for a client survives encoding and decoding', () => {
  const member = {
    serverId: serverId(4),
    incarnation: 1,
    journalId: '',
    lifeId: '',
    address: '[::1]:7000',
    liveness: 'heartbeat' as const,
    live: true,
    inSync: false,
    unreachable: false,
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

const messageWith = (msg: string) => ({ username: '1', msg, timestamp: undefined });

test('a post without its line end and with nothing that a terminal would act on', () => {
  const textsOf = (msg: string) => classicPostsFromWire(messageWith(msg));
  assert.deepEqual(textsOf('hello\n'), ['hello']);
  assert.deepEqual(textsOf('hello\r\n'), ['hello']);
  assert.deepEqual(textsOf('a\tb\u001b[2J\u2028c\n'), ['a b [2J c']);
  assert.deepEqual(textsOf('two\nlines\n'), ['two\nlines']);
  assert.deepEqual(textsOf('half \ud83d'), ['half \ufffd']);
  assert.deepEqual(textsOf('\n'), []);
  assert.deepEqual(textsOf(' \t\n'), []);
});

test('a long message is several posts, in order, cut between characters', () => {
  const textsOf = (msg: string) => classicPostsFromWire(messageWith(msg));
  assert.deepEqual(textsOf('x'.repeat(MAX_POST_LENGTH)), ['x'.repeat(MAX_POST_LENGTH)]);
  const faces = '😀'.repeat(MAX_POST_LENGTH);
  assert.deepEqual(textsOf(`${faces}end\n`), [faces, 'end']);
  assert.deepEqual(textsOf(`${faces}${' '.repeat(MAX_POST_LENGTH)}end`), [faces, 'end']);
});

test('any typed text can be posted, and only control characters and blanks are lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 5_000 }), (typed) => {
      const posts = classicPostsFromWire(messageWith(typed));
      for (const post of posts) assert.equal(postProblem(post), undefined);
      const visible = (text: string) => text.replace(/[\s\p{Cc}]/gu, '');
      assert.equal(visible(posts.join('')), visible(typed.replace(/\p{Cs}/gu, '\ufffd')));
    }),
  );
});

test('openers are known by their whole text, whatever their line end', () => {
  for (const opener of ['', '\n', 'Timeline', 'Set Stream\n', '[handshake]', CLASSIC_OPENER])
    assert.equal(isClassicOpener(messageWith(opener)), true, opener);
  for (const post of ['timeline', 'Timeline!', 'Hi server'])
    assert.equal(isClassicOpener(messageWith(post)), false, post);
});

test('the user of a timeline may be in its metadata', () => {
  assert.equal(classicTimelineUser(classicTimelineMetadata('4')), '4');
  assert.equal(classicTimelineUser(metadata({ user: '4' })), undefined);
  assert.throws(
    () => classicTimelineUser(metadata({ username: 'a b' })),
    refusedAs('invalid-user-name', /a b/),
  );
});

test('a post arrives with its time to the millisecond, on one line', () => {
  const post = { position: position(7), author: '4', text: 'héllo\nthere', timeMs: 1_763_713_703_123 };
  const read = classicPostRead(Message.decode(encodeClassicPost(post)));
  assert.deepEqual(read, { ...post, position: 0, text: 'héllo there' });
});

test('targets and paths are checked', () => {
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

test('any input from a stranger is accepted or refused, and never causes another error', () => {
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
          () => classicPostsFromWire(messageWith(msg)),
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

// As the table in docs/classic.md: the reply to each outcome, in each dialect. Undefined: the dialect does
// not define one.
const REPLIES: readonly (readonly [ClassicCall, ClassicOutcome, ...(string | undefined)[]])[] = [
  ['login', 'logged-in', 'SUCCESS', '', '', 'Login Successful!', '', 'Login successful'],
  ['login', 'created', 'SUCCESS', '', '', 'Login Successful!', '', 'New user created and logged in'],
  ['follow', 'followed', 'SUCCESS', '', '', 'Follow Successful', '', 'OK'],
  ['unfollow', 'unfollowed', 'SUCCESS', '', '', 'UnFollow Successful', '', 'OK'],
];

test('successes of six dialects, and how a client reads them', () => {
  for (const [call, outcome, ...texts] of REPLIES)
    for (const [index, replies] of CLASSIC_REPLIES.entries()) {
      const reply = classicReply(outcome, replies);
      assert.deepEqual(reply, { status: status.OK, text: texts[index] });
      assert.deepEqual(readClassicReply(call, reply), {
        isSuccess: true,
        status: 'success',
        text: texts[index],
      });
    }
});

test('refusals of six dialects are read as refusals of the same kind', () => {
  const cases: readonly (readonly [ClassicCall, ClassicOutcome, string])[] = [
    ['follow', 'follow-self', 'already-exists'],
    ['follow', 'follow-twice', 'already-exists'],
    ['follow', 'follow-unknown', 'invalid-username'],
    ['unfollow', 'unfollow-self', 'invalid-username'],
    ['unfollow', 'unfollow-unknown', 'invalid-username'],
    ['unfollow', 'unfollow-not-followed', 'not-a-follower'],
    ['follow', 'no-argument', 'invalid'],
    ['follow', 'unknown-requester', 'not-exists'],
  ];
  // Where a dialect has one text for two refusals, a client can't tell them apart.
  const SAME_TEXT = new Map([
    ['text no-argument', 'invalid-username'],
    ['course no-argument', 'invalid-username'],
    ['status no-argument', 'invalid-username'],
    ['words unknown-requester', 'invalid-username'],
    ['course unknown-requester', 'invalid-username'],
    ['status unknown-requester', 'invalid-username'],
    ['ok unknown-requester', 'invalid-username'],
    ['ok follow-self', 'invalid-username'],
    ['words unfollow-not-followed', 'invalid-username'],
    ['course unfollow-self', 'not-a-follower'],
  ]);
  for (const [call, outcome, meant] of cases)
    for (const replies of CLASSIC_REPLIES) {
      const reply = classicReply(outcome, replies);
      assert.equal(reply.status, replies === 'status' ? status.CANCELLED : status.OK);
      const read = readClassicReply(call, reply);
      const expected = SAME_TEXT.get(`${replies} ${outcome}`) ?? meant;
      assert.deepEqual(
        read,
        { isSuccess: false, status: expected, text: reply.text },
        `${replies} ${outcome}`,
      );
    }
});

test('a second login is refused by status, except for dialects whose clients log in before every command', () => {
  for (const replies of CLASSIC_REPLIES) {
    const reply = classicReply('already-on', replies);
    const isCourse = replies === 'course';
    assert.equal(reply.status, isCourse ? status.OK : status.CANCELLED);
    assert.equal(readClassicReply('login', reply).isSuccess, isCourse);
    // Servers of that family send it with status OK.
    assert.equal(readClassicReply('login', { ...reply, status: status.OK }).isSuccess, isCourse);
    assert.equal(classicReply('impossible-name', replies).status, status.INVALID_ARGUMENT);
  }
});

test('unknown replies stay unchanged, and the status says whether they are a success', () => {
  assert.deepEqual(readClassicReply('follow', { status: status.OK, text: 'done!' }), {
    isSuccess: true,
    status: undefined,
    text: 'done!',
  });
  assert.deepEqual(readClassicReply('follow', { status: status.NOT_FOUND, text: 'no' }), {
    isSuccess: false,
    status: undefined,
    text: 'no',
  });
  assert.equal(readClassicReply('follow', { status: status.CANCELLED, text: '' }).isSuccess, false);
  assert.equal(readClassicReply('follow', { status: status.OK, text: 'FAILURE_UNKNOWN' }).status, 'unknown');
});

test('a router sends the dialect of its network', () => {
  for (const replies of CLASSIC_REPLIES)
    assert.equal(classicRepliesFromHeader(classicRepliesHeader(replies)), replies);
  assert.equal(classicRepliesFromHeader(new Metadata()), undefined);
  assert.equal(classicRepliesFromHeader(metadata({ 'dualping-classic-replies': 'other' })), undefined);
});
