/** Every message of core arrives unchanged, through real bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Command,
  epoch,
  MAX_EPOCH_STARTS,
  MAX_POST_LENGTH,
  MAX_TAIL_NAMES,
  MAX_USER_NAME_LENGTH,
  position,
  SESSION_WINDOW,
  serverId,
  type TimelineMessage,
  type TimelineWrite,
  type UserName,
} from '@dualping/core';
import fc from 'fast-check';
import * as replication from '../gen/dualping/v1/replication.js';
import * as routing from '../gen/dualping/v1/routing.js';
import * as social from '../gen/dualping/v1/social.js';
import * as supervision from '../gen/dualping/v1/supervision.js';
import * as types from '../gen/dualping/v1/types.js';
import { MAX_REQUEST_BYTES } from '../serve.js';
import {
  anyClusters,
  assignments,
  builds,
  clusters,
  commands,
  counts,
  details,
  durations,
  entries,
  epochs,
  frames,
  histories,
  ids,
  memberMessages,
  ordinals,
  positions,
  posts,
  reasons,
  record,
  routerMessages,
  serverIds,
  services,
  sessionCommands,
  somePositions,
  standbyMessages,
  stats,
  tailBatches,
  tailMessages,
  uint32s,
  userNames,
} from './arbitraries.fixture.js';
import { assignmentFromWire, assignmentToWire } from './assignment.js';
import { decodeEntry, encodeEntry } from './entry.js';
import * as codec from './index.js';
import { MAX_ID_LENGTH } from './judge.js';

interface Message<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

function roundTrips<Core, Wire>(
  name: string,
  values: fc.Arbitrary<Core>,
  wire: Message<Wire>,
  toWire: (value: Core) => Wire,
  fromWire: (value: Wire) => Core,
): void {
  test(`${name} arrives as it was sent`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = wire.encode(toWire(value)).finish();
        assert.deepEqual(fromWire(wire.decode(bytes)), value);
      }),
    );
  });
}

roundTrips('an assignment', assignments, types.Assignment, assignmentToWire, assignmentFromWire);
roundTrips(
  "a member's message",
  memberMessages,
  routing.DualPingRequest,
  codec.memberMessageToWire,
  codec.memberMessageFromWire,
);
roundTrips(
  "a router's message",
  routerMessages,
  routing.DualPingResponse,
  codec.routerMessageToWire,
  codec.routerMessageFromWire,
);
roundTrips(
  "a standby's message",
  standbyMessages,
  replication.ReplicateRequest,
  codec.standbyMessageToWire,
  codec.standbyMessageFromWire,
);
roundTrips(
  "a primary's message with its entries",
  frames,
  replication.ReplicateResponse,
  ({ message, entries: bytes }) => codec.primaryMessageToWire(message, bytes),
  (wire) => {
    const frame = codec.primaryMessageFromWire(wire);
    return { message: frame.message, entries: frame.entries.map((bytes) => Buffer.from(bytes)) };
  },
);
roundTrips(
  "a supervisor's message",
  fc.oneof(
    record({
      kind: fc.constant('hello' as const),
      key: ids,
      pid: serverIds,
      intervalMs: fc.integer({ min: 20, max: 3_600_000 }),
    }),
    record({ kind: fc.constant('ping' as const), sequence: counts }),
  ),
  supervision.KeepAliveRequest,
  codec.supervisorMessageToWire,
  codec.supervisorMessageFromWire,
);
roundTrips(
  "a supervised server's message",
  fc.oneof(
    record({
      kind: fc.constant('welcome' as const),
      cluster: clusters,
      serverId: serverIds,
      incarnation: ordinals,
      pid: serverIds,
    }),
    record({ kind: fc.constant('pong' as const), sequence: counts }),
    record({
      kind: fc.constant('ending' as const),
      reason: fc.option(reasons, { nil: undefined }),
      detail: details,
    }),
  ),
  supervision.KeepAliveResponse,
  codec.supervisedMessageToWire,
  codec.supervisedMessageFromWire,
);
roundTrips('a post', posts, social.TimelinePost, codec.postToWire, codec.postFromWire);
roundTrips(
  'a timeline message',
  fc.oneof(
    record({
      kind: fc.constant('open' as const),
      user: userNames,
      sessionId: ids,
      epoch: epochs,
      resumeAfter: positions,
      history: fc.nat(200),
      posts: fc.boolean(),
      signs: fc.boolean(),
      mentions: fc.boolean(),
    }),
    record({
      kind: fc.constant('older' as const),
      before: positions,
      limit: fc.integer({ min: 1, max: 200 }),
    }),
    record({ kind: fc.constant('answered' as const), of: somePositions }),
    fc.constant({ kind: 'alive' as const }),
    record({
      kind: fc.constant('writes' as const),
      writes: fc.array(record({ requestNo: fc.integer({ min: 2 }), command: sessionCommands }), {
        maxLength: 64,
      }),
    }),
  ),
  social.TimelineRequest,
  codec.timelineMessageToWire,
  // Each write is judged by itself; correct writes have commands.
  (message) => codec.timelineMessageFromWire(message) as TimelineMessage,
);
const signsOfLife = fc.option(
  record({
    intervalMs: fc.integer({ min: 1, max: 60_000 }),
    deadAfterMs: fc.integer({ min: 1, max: 60_000 }),
  }),
  { nil: undefined },
);
roundTrips(
  'a timeline update',
  record({
    posts: fc.array(posts),
    opened: fc.option(
      record({ epoch: epochs, serverId: serverIds, committed: positions, signs: signsOfLife }),
      { nil: undefined },
    ),
    signs: signsOfLife,
    page: fc.option(record({ before: positions, posts: fc.array(posts), oldest: fc.boolean() }), {
      nil: undefined,
    }),
    answered: fc.option(record({ of: somePositions, post: fc.option(posts, { nil: undefined }) }), {
      nil: undefined,
    }),
    written: fc.array(
      record({
        requestNo: fc.integer({ min: 2 }),
        positions: fc.array(somePositions, { maxLength: 64 }),
        epoch: epochs,
      }),
      { maxLength: 8 },
    ),
    refused: fc.array(record({ requestNo: fc.integer({ min: 2 }), reason: reasons, detail: details }), {
      maxLength: 8,
    }),
  }),
  social.TimelineResponse,
  codec.timelineUpdateToWire,
  codec.timelineUpdateFromWire,
);

const afters = fc.option(userNames, { nil: undefined });
roundTrips(
  'a question for a list of users',
  record({ user: userNames, epoch: epochs, after: afters, limit: fc.integer({ min: 1, max: 2_000 }) }),
  social.ListRequest,
  codec.listQuestionToWire,
  codec.listQuestionFromWire,
);
const presences = fc.array(record({ user: userNames, present: fc.boolean() }));
roundTrips(
  'a page of a list of users',
  record({ users: presences, followers: presences, following: presences, next: afters }),
  social.ListResponse,
  codec.listPageToWire,
  codec.listPageFromWire,
);

const targets = fc.oneof(
  record({ kind: fc.constant('cluster' as const), cluster: anyClusters }),
  record({ kind: fc.constant('user' as const), user: userNames }),
  record({ kind: fc.constant('service' as const), service: services }),
);
roundTrips(
  'a question for who is available',
  record({ target: targets, failedEpoch: epochs, waitMs: fc.nat(30_000) }),
  routing.GetAvailableRequest,
  codec.getAvailableToWire,
  codec.getAvailableFromWire,
);
roundTrips(
  'who is available',
  record({ networkId: ids, assignment: assignments }),
  routing.GetAvailableResponse,
  codec.availableToWire,
  codec.availableFromWire,
);
roundTrips(
  'a watch',
  record({
    target: fc.option(targets, { nil: undefined }),
    stats: fc.boolean(),
    services: fc.boolean(),
  }),
  routing.WatchRequest,
  codec.watchToWire,
  codec.watchFromWire,
);
roundTrips(
  'an update of a watch',
  record({
    networkId: ids,
    assignments: fc.array(assignments, { maxLength: 3 }),
    stats: fc.array(record({ cluster: anyClusters, serverId: serverIds, stats, ageMs: uint32s })),
    trouble: details,
  }),
  routing.WatchResponse,
  codec.watchUpdateToWire,
  codec.watchUpdateFromWire,
);
roundTrips(
  'a handover',
  record({ cluster: fc.oneof(anyClusters, services), to: fc.option(serverIds, { nil: undefined }) }),
  routing.HandoverRequest,
  codec.handoverToWire,
  codec.handoverFromWire,
);
roundTrips(
  'a promotion',
  record({ cluster: fc.oneof(anyClusters, services), serverId: serverIds, acceptLoss: fc.boolean() }),
  routing.PromoteRequest,
  codec.promoteToWire,
  codec.promoteFromWire,
);
const clusterKeys = fc.oneof(anyClusters, services);
roundTrips(
  'an order about a cluster',
  record({ cluster: clusterKeys }),
  routing.PauseRequest,
  codec.clusterOrderToWire,
  codec.clusterOrderFromWire,
);
roundTrips(
  'a removal',
  record({ cluster: clusterKeys, serverId: serverIds, acceptLoss: fc.boolean() }),
  routing.RemoveRequest,
  codec.removeToWire,
  codec.removeFromWire,
);
roundTrips('a history', histories, routing.HistoryResponse, codec.historyToWire, codec.historyFromWire);
roundTrips(
  'the answer to connect',
  record({
    networkId: ids,
    clusters,
    cluster: fc.option(clusters, { nil: undefined }),
    failoverWaitMs: durations,
    assignment: fc.option(assignments, { nil: undefined }),
    // As they are decoded in Node.
    authorities: fc.array(
      fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 4 },
    ),
    nowMs: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    build: builds,
  }),
  routing.ConnectResponse,
  codec.connectedToWire,
  codec.connectedFromWire,
);
const places = record({ position: somePositions, checksum: uint32s });
roundTrips(
  'the question for a snapshot',
  record({
    question: record({
      networkId: ids,
      cluster: clusters,
      epoch: epochs,
      serverId: serverIds,
      incarnation: ordinals,
      journalId: ids,
      lifeId: ids,
    }),
    held: fc.option(record({ base: places, end: places }), { nil: undefined }),
  }),
  replication.GetFollowerInfoRequest,
  codec.snapshotRequestToWire,
  codec.snapshotRequestFromWire,
);

const someBytes = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes));
const chunks: fc.Arbitrary<codec.SnapshotChunk> = fc.oneof(
  record({
    kind: fc.constant('header' as const),
    header: record({
      base: places,
      after: places,
      through: places,
      state: positions,
      history: record({ posts: counts, checksum: uint32s }),
      bytes: counts,
    }),
  }),
  record({
    kind: fc.constantFrom('state' as const, 'history' as const, 'records' as const),
    bytes: someBytes,
  }),
  record({ kind: fc.constant('end' as const) }),
);
roundTrips(
  'a snapshot chunk',
  chunks,
  replication.GetFollowerInfoResponse,
  codec.snapshotChunkToWire,
  codec.snapshotChunkFromWire,
);

test('a piece of a snapshot is encoded as any other message', () => {
  for (const kind of ['state', 'history', 'records'] as const)
    for (const length of [1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const piece = { kind, bytes: Buffer.alloc(length, length) };
      const usual = replication.GetFollowerInfoResponse.encode(codec.snapshotChunkToWire(piece)).finish();
      assert.deepEqual(codec.encodeSnapshotPiece(piece), Buffer.from(usual));
    }
});

roundTrips(
  'what a cluster asks of another',
  tailMessages,
  replication.TailRequest,
  codec.tailMessageToWire,
  codec.tailMessageFromWire,
);
roundTrips(
  'what a cluster tells another',
  tailBatches,
  replication.TailResponse,
  codec.tailBatchToWire,
  codec.tailBatchFromWire,
);

test('the longest requests between servers fit into the limit of a server', () => {
  const longest = 'u'.repeat(MAX_USER_NAME_LENGTH) as UserName;
  const add = Array.from({ length: MAX_TAIL_NAMES }, () => longest);
  const most = position(Number.MAX_SAFE_INTEGER);
  const subscribe = codec.tailMessageToWire({
    kind: 'subscribe',
    number: 1,
    after: most,
    add,
    remove: [],
    more: true,
  });
  assert.ok(replication.TailRequest.encode(subscribe).finish().length < MAX_REQUEST_BYTES);
  const epochStarts = Array.from({ length: MAX_EPOCH_STARTS }, () => ({
    epoch: epoch(Number.MAX_SAFE_INTEGER),
    position: most,
  }));
  const join = codec.standbyMessageToWire({
    kind: 'join',
    networkId: 'n'.repeat(MAX_ID_LENGTH),
    cluster: 1,
    epoch: epoch(Number.MAX_SAFE_INTEGER),
    serverId: serverId(1),
    incarnation: 1,
    lifeId: 'l'.repeat(MAX_ID_LENGTH),
    journalId: 'j'.repeat(MAX_ID_LENGTH),
    lastPosition: most,
    epochStarts,
  });
  assert.ok(replication.ReplicateRequest.encode(join).finish().length < MAX_REQUEST_BYTES);
});

test('an entry arrives as it was journalled', () => {
  fc.assert(fc.property(entries, (entry) => assert.deepEqual(decodeEntry(encodeEntry(entry)), entry)));
});

test('an entry encoded with the reused writer has the very bytes of the default one', () => {
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1 }), (several) => {
      const reused = several.map(encodeEntry); // all before the first is compared: they must not share a buffer
      for (const bytes of reused)
        assert.deepEqual(bytes, Buffer.from(types.Entry.encode(types.Entry.decode(bytes)).finish()));
      assert.deepEqual(reused.map(decodeEntry), several);
    }),
  );
});

test('concatenated post fragments are one valid message', () => {
  fc.assert(
    fc.property(fc.array(posts), (several) => {
      const message = Buffer.concat(several.map(codec.encodePostFragment));
      const update = codec.timelineUpdateFromWire(social.TimelineResponse.decode(message));
      assert.deepEqual(update, {
        posts: several,
        opened: undefined,
        page: undefined,
        signs: undefined,
        answered: undefined,
        written: [],
        refused: [],
      });
    }),
  );
});

test("a client's request arrives through its own call", () => {
  fc.assert(
    fc.property(ids, ordinals, epochs, commands, (sessionId, number, inEpoch, command) => {
      const requestNo = command.kind === 'register' ? 1 : Math.max(2, number);
      const sent = { sessionId, requestNo, epoch: inEpoch, command };
      const wire = codec.requestToWire(sent);
      const arrived = (() => {
        switch (wire.call) {
          case 'login':
            return codec.requestFromWire.login(wire.request);
          case 'follow':
            return codec.requestFromWire.follow(wire.request);
          case 'unfollow':
            return codec.requestFromWire.unfollow(wire.request);
          case 'post':
            return codec.requestFromWire.post(wire.request);
          case 'inviteDevice':
            return codec.requestFromWire.inviteDevice(wire.request);
          case 'revokeKey':
            return codec.requestFromWire.revokeKey(wire.request);
        }
      })();
      assert.deepEqual(arrived, { ...sent, command: asAsked(command) });
    }),
  );
});

/** Without the first words, which the server adds, and the key of a login, which its token shows. */
function asAsked(command: Command): Command {
  if (command.kind === 'register') return { kind: 'register', user: command.user };
  if (command.kind !== 'post' || command.answers === undefined) return command;
  const { begin: _, ...answers } = command.answers;
  return { ...command, answers };
}

test('an answer to a write has its position', () => {
  assert.deepEqual(codec.writtenFromWire({ position: 7, epoch: 2 }), { position: position(7), epoch: 2 });
});

test("writes are sent in order, in messages within a server's limit", () => {
  const longest = '\u{1F4A3}'.repeat(MAX_POST_LENGTH);
  const answers = { position: position(Number.MAX_SAFE_INTEGER), author: 'a'.repeat(MAX_USER_NAME_LENGTH) };
  const writes = Array.from({ length: SESSION_WINDOW * 3 }, (_, at): TimelineWrite => {
    if (at % 2 === 0) return { requestNo: at + 2, command: { kind: 'follow', target: 'bob' } };
    return { requestNo: at + 2, command: { kind: 'post', text: longest, answers } };
  });
  const arrived = [...codec.timelineWritesToWire(writes)].flatMap((message) => {
    const bytes = social.TimelineRequest.encode(message).finish();
    assert.ok(bytes.length <= MAX_REQUEST_BYTES, `${bytes.length} bytes`);
    const judged = codec.timelineMessageFromWire(social.TimelineRequest.decode(bytes));
    assert.ok(judged.kind === 'writes');
    return judged.writes;
  });
  assert.deepEqual(arrived, writes);
  assert.equal([...codec.timelineWritesToWire(writes.slice(0, 1))].length, 1);
  assert.equal([...codec.timelineWritesToWire([])].length, 0);
});
