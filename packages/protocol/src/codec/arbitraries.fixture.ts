/** Values of core's types for property tests: everything that a codec must carry unchanged. */
import {
  type Answers,
  type Assignment,
  type Build,
  beginOf,
  type Command,
  cleanDetail,
  type Entry,
  epoch,
  type HistoryEntry,
  type KeyLogin,
  MAX_CLUSTER_NUMBER,
  MAX_CLUSTERS,
  MAX_HISTORY,
  MAX_MEMBERS,
  type MemberMessage,
  type Post,
  type PostReference,
  type PrimaryMessage,
  position,
  postProblem,
  REASONS,
  type Reason,
  type RouterMessage,
  type SessionCommand,
  type StandbyMessage,
  type Stats,
  serverId,
  type TailBatch,
  type TailItem,
  type TailMessage,
} from '@dualping/core';
import fc from 'fast-check';

/** Codecs make ordinary objects; without this, records sometimes have no prototype. */
export const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(model, { noNullPrototype: true });

const most = Number.MAX_SAFE_INTEGER;
export const counts = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(0, 127, 128, 2 ** 32, most));
export const ordinals = counts.map((value) => Math.max(1, value));
export const epochs = counts.map(epoch);
const someEpochs = ordinals.map(epoch);
export const positions = counts.map(position);
export const somePositions = ordinals.map(position);
export const serverIds = fc.integer({ min: 1, max: 2 ** 31 - 1 }).map(serverId);
export const clusters = fc.integer({ min: 1, max: MAX_CLUSTERS });
export const anyClusters = fc.integer({ min: 1, max: MAX_CLUSTER_NUMBER });
export const services = fc.stringMatching(/^[a-z][a-z0-9_-]{0,31}$/);
export const clusterKeys = fc.oneof(clusters, services);
export const uint32s = fc.integer({ min: 0, max: 2 ** 32 - 1 });
export const durations = fc.integer({ min: 1, max: 3_600_000 });
export const ids = fc.uuid();
export const addresses = fc
  .tuple(
    fc.constantFrom('127.0.0.1', 'localhost', 'db-1.example', '[::1]'),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([host, port]) => `${host}:${port}`);
export const userNames = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/);
const postTexts = fc
  .string({ minLength: 1, maxLength: 300, unit: 'grapheme' })
  .filter((text) => postProblem(text) === undefined);
export const details = fc.string({ unit: 'binary', maxLength: 80 }).map(cleanDetail);
export const reasons = fc.constantFrom(...(Object.keys(REASONS) as Reason[]));

export const stats: fc.Arbitrary<Stats> = record({
  durable: positions,
  committed: positions,
  lastEpoch: epochs,
  checksum: uint32s,
  timelines: uint32s,
  postsAccepted: counts,
  slowSyncs: counts,
  longestSyncMs: counts,
});

export const builds: fc.Arbitrary<Build> = record({
  version: fc.oneof(ids, fc.constant('')),
  level: fc.integer({ min: 1, max: 9 }),
});
/** As it is, or with a build. */
const withBuild = <T>(value: T): fc.Arbitrary<T & { readonly build?: Build }> =>
  fc.option(builds, { nil: undefined }).map((build) => ({ ...value, ...(build !== undefined && { build }) }));
const lives = fc.oneof(ids, fc.constant(''));
const primaries = record({
  serverId: serverIds,
  incarnation: ordinals,
  journalId: ids,
  lifeId: lives,
});
const members = record({
  serverId: serverIds,
  incarnation: ordinals,
  journalId: fc.oneof(ids, fc.constant('')),
  lifeId: lives,
  address: addresses,
  liveness: fc.constantFrom('stream' as const, 'watched' as const, 'heartbeat' as const),
  live: fc.boolean(),
  inSync: fc.boolean(),
  unreachable: fc.boolean(),
}).chain(withBuild);
const byServerId = { selector: (member: { serverId: number }) => member.serverId, maxLength: 6 };

const unnamedAssignments: fc.Arbitrary<Assignment> = record({
  cluster: anyClusters,
  revision: counts,
  epoch: epochs,
  primary: fc.option(primaries, { nil: undefined }),
  available: fc.boolean(),
  unavailableReason: details,
  lastUncleanEpoch: epochs,
  inSync: fc.uniqueArray(record({ serverId: serverIds, journalId: ids, lifeId: lives }), byServerId),
  members: fc.uniqueArray(members, { ...byServerId, maxLength: MAX_MEMBERS }),
});
export const assignments: fc.Arbitrary<Assignment> = fc
  .tuple(
    unnamedAssignments,
    fc.option(services, { nil: undefined }),
    fc.constantFrom(undefined, 'paused' as const, 'resting' as const),
  )
  .map(([assignment, service, suspended]) => ({
    ...assignment,
    ...(service !== undefined && { service }),
    ...(suspended !== undefined && { suspended, level: 3 }),
  }));

export const histories: fc.Arbitrary<readonly HistoryEntry[]> = fc.array(
  fc
    .tuple(
      record({
        what: fc.constantFrom(
          ...(['promoted', 'promoted-unclean', 'paused', 'resting', 'resumed', 'removed'] as const),
        ),
        timeMs: counts,
        epoch: epochs,
        detail: details,
      }),
      fc.option(serverIds, { nil: undefined }),
    )
    .map(([entry, serverId]) => ({ ...entry, ...(serverId !== undefined && { serverId }) })),
  { maxLength: MAX_HISTORY },
);

const attaches: fc.Arbitrary<Extract<MemberMessage, { kind: 'attach' }>> = record({
  kind: fc.constant('attach' as const),
  networkId: fc.oneof(ids, fc.constant('')),
  cluster: clusterKeys,
  serverId: serverIds,
  incarnation: ordinals,
  journalId: ids,
  lifeId: ids,
  welcomedLife: lives,
  address: addresses,
  epoch: epochs,
  revision: counts,
  stats,
  replicates: fc.boolean(),
  attempt: counts,
  leaving: fc.boolean(),
}).chain(withBuild);

export const memberMessages: fc.Arbitrary<MemberMessage> = fc.oneof(
  attaches,
  record({
    kind: fc.constant('ping' as const),
    sequence: counts,
    stats,
    cannotReach: fc.array(serverIds, { maxLength: 5 }),
  }),
  record({
    kind: fc.constant('change-in-sync' as const),
    request: ordinals,
    epoch: epochs,
    change: fc.constantFrom('add' as const, 'remove' as const),
    serverId: serverIds,
    incarnation: ordinals,
    journalId: ids,
    lifeId: ids,
  }),
  record({
    kind: fc.constant('dispute' as const),
    epoch: epochs,
    serverId: serverIds,
    detail: details,
  }),
  record({ kind: fc.constant('hand-over' as const), epoch: epochs, leaving: fc.boolean() }),
  record({ kind: fc.constant('leaving' as const) }),
  record({ kind: fc.constant('leave' as const), stats }),
);

export const routerMessages: fc.Arbitrary<RouterMessage> = fc.oneof(
  record({
    kind: fc.constant('welcome' as const),
    networkId: ids,
    clusters: fc.nat(10_000),
    pingIntervalMs: durations,
    deadAfterMs: durations,
    assignment: assignments,
    term: counts,
  }),
  record({ kind: fc.constant('leader-is' as const), term: ordinals, address: addresses }),
  fc.constant({ kind: 'leader-is', term: 0, address: '' } as const),
  record({ kind: fc.constant('pong' as const), sequence: counts, pingIntervalMs: durations }),
  record({ kind: fc.constant('assignment' as const), assignment: assignments, lastRequest: counts }),
  record({ kind: fc.constant('please-hand-over' as const), epoch: epochs }),
  record({ kind: fc.constant('please-rest' as const), epoch: epochs }),
  record({ kind: fc.constant('no-successor' as const), epoch: epochs }),
  record({
    kind: fc.constant('refused' as const),
    networkId: lives,
    reason: reasons,
    detail: details,
  }),
);

/** Ascending in both fields, as in a journal. */
export const epochStarts = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 99 })), { maxLength: 20 })
  .map((steps) => {
    let at = 0;
    let number = 0;
    return steps.map(([up, along]) => {
      number += up;
      at += along;
      return { epoch: epoch(number), position: position(at) };
    });
  });

export const standbyMessages: fc.Arbitrary<StandbyMessage> = fc.oneof(
  record({
    kind: fc.constant('join' as const),
    networkId: ids,
    cluster: clusters,
    epoch: epochs,
    serverId: serverIds,
    incarnation: ordinals,
    journalId: ids,
    lifeId: ids,
    lastPosition: positions,
    epochStarts,
  }),
  record({ kind: fc.constant('durable' as const), epoch: epochs, position: positions }),
  record({ kind: fc.constant('fenced' as const), epoch: epochs }),
  record({ kind: fc.constant('lacking' as const), epoch: epochs, committed: positions }),
);

export const origins = record({ cluster: clusters, position: somePositions });

export const references: fc.Arbitrary<PostReference> = fc.oneof(
  record({ position: somePositions, author: userNames }),
  record({ home: clusters, position: somePositions, author: userNames }),
);
export const answers: fc.Arbitrary<Answers> = fc
  .tuple(references, postTexts)
  .map(([post, text]) => ({ ...post, begin: beginOf(text) }));

/** Public keys and hashes of codes. */
export const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
export const devices = fc.stringMatching(/^[A-Za-z0-9._-]{1,40}$/);
const registrations = fc.constantFrom('open' as const, 'invite' as const, 'closed' as const);
const logins: fc.Arbitrary<KeyLogin> = fc.oneof(
  record({ key: hashes, device: devices, registration: registrations }),
  record({ key: hashes, device: devices, code: hashes, registration: registrations }),
);

export const commands: fc.Arbitrary<Command> = fc.oneof(
  record({ kind: fc.constant('register' as const), user: userNames, login: logins }),
  record({
    kind: fc.constant('invite-device' as const),
    user: userNames,
    code: hashes,
    untilMs: ordinals,
  }),
  record({ kind: fc.constant('revoke-key' as const), user: userNames, key: hashes }),
  record({ kind: fc.constant('register' as const), user: userNames }),
  record({ kind: fc.constant('follow' as const), user: userNames, target: userNames }),
  record({ kind: fc.constant('unfollow' as const), user: userNames, target: userNames }),
  record({ kind: fc.constant('post' as const), user: userNames, text: postTexts }),
  record({
    kind: fc.constant('post' as const),
    user: userNames,
    text: postTexts,
    answers: fc.oneof(references, answers),
  }),
);

/** Commands of a client on a timeline; the timeline names the user. */
export const sessionCommands: fc.Arbitrary<SessionCommand> = fc.oneof(
  record({ kind: fc.constantFrom('follow' as const, 'unfollow' as const), target: userNames }),
  record({ kind: fc.constant('post' as const), text: postTexts }),
  record({ kind: fc.constant('post' as const), text: postTexts, answers: references }),
  record({ kind: fc.constant('invite-device' as const), code: hashes, untilMs: ordinals }),
  record({ kind: fc.constant('revoke-key' as const), key: hashes }),
);

export const entries: fc.Arbitrary<Entry> = fc.oneof(
  record({
    position: somePositions,
    epoch: someEpochs,
    timeMs: counts,
    sessionId: ids,
    requestNo: ordinals,
    command: commands,
  }),
  record({
    position: somePositions,
    epoch: someEpochs,
    timeMs: counts,
    sessionId: fc.constant(''),
    requestNo: fc.constant(0),
    command: fc.oneof(
      record({ kind: fc.constant('epoch-start' as const), serverId: serverIds }),
      record({ kind: fc.constant('remote-user' as const), user: userNames, origin: origins }),
      record({
        kind: fc.constant('remote-post' as const),
        user: userNames,
        text: postTexts,
        origin: origins,
      }),
      record({
        kind: fc.constant('remote-post' as const),
        user: userNames,
        text: postTexts,
        answers,
        origin: origins,
      }),
      record({
        kind: fc.constantFrom('remote-follow' as const, 'remote-unfollow' as const),
        user: userNames,
        target: userNames,
        origin: origins,
      }),
      record({ kind: fc.constant('remote-through' as const), origin: origins }),
      record({ kind: fc.constant('invite' as const), code: hashes, untilMs: ordinals }),
      record({
        kind: fc.constantFrom('invite' as const, 'reset-keys' as const),
        user: userNames,
        code: hashes,
        untilMs: ordinals,
      }),
    ),
  }),
);

const names = fc.array(userNames, { maxLength: 8 });

export const tailMessages: fc.Arbitrary<TailMessage> = fc.oneof(
  record({
    kind: fc.constant('open' as const),
    networkId: ids,
    from: clusters,
    fromEpoch: epochs,
    cluster: clusters,
    epoch: epochs,
  }),
  record({
    kind: fc.constant('subscribe' as const),
    number: ordinals,
    after: positions,
    add: names,
    remove: names,
    more: fc.boolean(),
  }),
  record({ kind: fc.constant('taken' as const), number: ordinals }),
  record({ kind: fc.constant('alive' as const) }),
);

const tailItems: fc.Arbitrary<TailItem> = fc.oneof(
  record({
    kind: fc.constantFrom('follow' as const, 'unfollow' as const),
    position: somePositions,
    user: userNames,
    target: userNames,
  }),
  record({ kind: fc.constant('user' as const), position: somePositions, user: userNames }),
  record({
    kind: fc.constant('post' as const),
    position: somePositions,
    user: userNames,
    text: postTexts,
    timeMs: counts,
  }),
  record({
    kind: fc.constant('post' as const),
    position: somePositions,
    user: userNames,
    text: postTexts,
    timeMs: counts,
    answers,
  }),
);

export const tailBatches: fc.Arbitrary<TailBatch> = record({
  kind: fc.constant('batch' as const),
  number: ordinals,
  items: fc.array(tailItems, { maxLength: 8 }),
  through: positions,
  arrived: names,
  left: names,
});

export interface Frame {
  readonly message: PrimaryMessage;
  readonly entries: readonly Buffer[];
}

const batches: fc.Arbitrary<Frame> = fc
  .tuple(
    epochs,
    fc.integer({ min: 1, max: 2 ** 48 }),
    positions,
    fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }),
  )
  .map(([inEpoch, from, committed, bytes]) => ({
    message: {
      kind: 'entries' as const,
      epoch: inEpoch,
      from: position(from),
      to: position(from + bytes.length - 1),
      committed,
    },
    entries: bytes.map((each) => Buffer.from(each)),
  }));

export const frames: fc.Arbitrary<Frame> = fc.oneof(
  batches,
  fc
    .oneof(
      record({
        kind: fc.constant('joined' as const),
        epoch: epochs,
        common: positions,
        committed: positions,
        checksum: uint32s,
      }),
      record({ kind: fc.constant('snapshot-needed' as const), epoch: epochs, common: positions }),
      record({
        kind: fc.constant('refused' as const),
        networkId: ids,
        cluster: clusters,
        epoch: epochs,
        reason: reasons,
        detail: details,
      }),
    )
    .map((message) => ({ message, entries: [] })),
);

const plainPosts: fc.Arbitrary<Post> = record({
  position: somePositions,
  author: userNames,
  text: postTexts,
  timeMs: counts,
});
export const posts: fc.Arbitrary<Post> = fc.oneof(
  plainPosts,
  fc.tuple(plainPosts, answers, origins).map(([post, answered, origin]) => ({
    ...post,
    answers: answered,
    origin,
  })),
  plainPosts.map((post) => ({ ...post, unfollowed: true as const })),
);
