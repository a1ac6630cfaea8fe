import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  epoch,
  isRemoteCommand,
  MAX_TAIL_NAMES,
  MAX_TAIL_UNKNOWN_NAMES,
  position,
  postIn,
  referenceTo,
  type TailBatch,
  type TailMessage,
} from '../index.js';
import { Clusters, type LoneCluster } from './clusters.fixture.js';

/** ann and amy in cluster 1, ben and bob in cluster 2; both clusters know all of them. */
function two(): { world: Clusters; a: LoneCluster; b: LoneCluster } {
  const world = new Clusters(2);
  const [a, b] = [world.cluster(1), world.cluster(2)];
  for (const user of ['ann', 'amy']) a.login(user);
  for (const user of ['ben', 'bob']) b.login(user);
  world.settle();
  return { world, a, b };
}

const posts = (cluster: LoneCluster): string[] =>
  cluster.journal.flatMap((entry) => (entry.command.kind === 'remote-post' ? [entry.command.text] : []));
const listed = (cluster: LoneCluster, user: string) => cluster.social.listAfter(user, undefined, 100).users;
const followersOf = (cluster: LoneCluster, user: string): string[] =>
  listed(cluster, user).flatMap((each) => (each.follows ? [each.user] : []));
const followedBy = (cluster: LoneCluster, user: string): string[] =>
  listed(cluster, user).flatMap((each) => (each.isFollowed ? [each.user] : []));
const edges = (cluster: LoneCluster): string[] =>
  cluster.journal.flatMap(({ command }) =>
    command.kind === 'remote-follow' || command.kind === 'remote-unfollow'
      ? [`${command.user} ${command.kind.slice('remote-'.length)}s ${command.target}`]
      : [],
  );
const outcome = (cluster: LoneCluster, token: number): string | undefined => {
  const reply = cluster.replies.get(token);
  return reply?.kind === 'refused' ? reply.reason : reply?.kind;
};
const stopAll = (world: Clusters): void => {
  for (const stream of [...world.streams]) world.break(stream);
};

describe('reading another cluster', () => {
  test('users are known everywhere, and present where they are', () => {
    const { world, a, b } = two();
    assert.equal(a.list('ann'), 'amy ann ben bob');
    const timeline = b.openTimeline('ben');
    world.settle();
    assert.equal(a.list('ann'), 'amy ann ben+ bob');
    b.closeTimeline(timeline);
    world.settle();
    assert.equal(a.list('ann'), 'amy ann ben bob');
  });

  test('no user of a cluster counts as present while nothing comes from that cluster', () => {
    const { world, a, b } = two();
    b.openTimeline('ben');
    world.settle();
    b.die();
    assert.equal(a.list('ann'), 'amy ann ben bob');
  });

  test('a follow is decided by the users known here', () => {
    const { world, a } = two();
    const known = a.follow('ann', 'ben');
    const again = a.follow('ann', 'ben');
    const unknown = a.follow('ann', 'nobody');
    const never = a.unfollow('ann', 'bob');
    world.settle();
    assert.deepEqual(
      [known, again, unknown, never].map((token) => outcome(a, token)),
      ['ok', 'already-following', 'unknown-target', 'not-following'],
    );
  });

  test('posts of followed authors come from the follow on, and go to their followers', () => {
    const { world, a, b } = two();
    b.post('ben', 'before');
    world.settle();
    const timeline = a.openTimeline('ann');
    a.follow('ann', 'ben');
    world.settle();
    b.post('ben', 'one');
    b.post('bob', 'of nobody’s interest');
    b.post('ben', 'two');
    world.settle();
    assert.deepEqual(posts(a), ['one', 'two']);
    assert.deepEqual(a.shown.get(timeline), ['one', 'two']);
  });

  test('the last unfollow ends the subscription, and a new follow begins it again', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    a.follow('amy', 'ben');
    world.settle();
    a.unfollow('ann', 'ben');
    world.settle();
    b.post('ben', 'for amy');
    world.settle();
    a.unfollow('amy', 'ben');
    world.settle();
    b.post('ben', 'for nobody');
    world.settle();
    a.follow('ann', 'ben');
    world.settle();
    b.post('ben', 'for ann');
    world.settle();
    assert.deepEqual(posts(a), ['for amy', 'for ann']);
  });

  test('an author who is unfollowed and followed again in one turn is still read', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    world.settle();
    a.unfollow('ann', 'ben');
    a.follow('amy', 'ben');
    a.sync();
    b.post('ben', 'hello');
    world.settle();
    assert.deepEqual(posts(a), ['hello']);
  });

  test("batches in flight during a follow are void, and come again with the new author's posts", () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    world.settle();
    b.post('bob', 'not asked for');
    b.post('ben', 'one');
    b.sync();
    b.flush();
    const onItsWay = [...world.streams].filter(({ reader, down }) => reader === a && down.length > 0);
    assert.equal(onItsWay.length, 1);
    a.follow('ann', 'bob');
    for (const stream of onItsWay) world.deliver(stream, false);
    assert.deepEqual(posts(a), []);
    world.settle();
    // Cluster 1 did not know the first post when bob was followed.
    assert.deepEqual(posts(a), ['not asked for', 'one']);
  });

  test('a follow during a break misses no later post', () => {
    const { world, a, b } = two();
    stopAll(world);
    const follow = a.follow('ann', 'ben');
    a.sync();
    assert.equal(outcome(a, follow), 'ok');
    b.post('ben', 'while apart');
    b.sync();
    world.settle();
    assert.deepEqual(posts(a), ['while apart']);
  });

  test('the second batch waits until the first is committed', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    world.settle();
    const [stream] = [...world.streams].filter(({ reader }) => reader === a);
    assert.ok(stream !== undefined);
    while (world.deliver(stream, true)); // signs of life
    for (const text of ['one', 'two', 'three']) {
      b.post('ben', text);
      b.sync();
      b.flush();
    }
    const withItems = () => stream.down.filter(({ items }) => items.length > 0);
    assert.deepEqual(
      withItems().map(({ items }) => items.length),
      [1],
    );
    while (world.deliver(stream, false));
    a.flush();
    assert.equal(stream.up.length, 0, 'appended, and not committed');
    a.sync();
    assert.deepEqual(stream.up, [{ kind: 'taken', number: 2 }]);
    world.deliver(stream, true);
    b.flush();
    assert.deepEqual(
      withItems().map(({ items }) => items.length),
      [2],
    );
  });

  test('entries that a dead primary had not committed are requested again, committed ones are not', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    world.settle();
    b.post('ben', 'one');
    world.settle();
    b.post('ben', 'two');
    b.sync();
    b.flush();
    for (const stream of world.streams) if (stream.reader === a) while (world.deliver(stream, false));
    assert.deepEqual(posts(a), ['one', 'two']);
    a.die();
    assert.deepEqual(posts(a), ['one']);
    b.post('ben', 'three');
    world.settle();
    a.revive();
    world.settle();
    assert.deepEqual(posts(a), ['one', 'two', 'three']);
  });

  test('another primary there is asked at once, and a long absence is caught up with', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    world.settle();
    a.die();
    const texts = Array.from({ length: 1_000 }, (_, no) => `no. ${no}`);
    for (const text of texts) {
      b.post('ben', text);
      b.sync();
    }
    b.die();
    b.revive();
    b.sync();
    a.revive();
    world.settle();
    assert.deepEqual(posts(a), texts);
  });

  test('entries from other clusters are not passed on', () => {
    const world = new Clusters(3);
    const [a, b, c] = [world.cluster(1), world.cluster(2), world.cluster(3)];
    a.login('ann');
    b.login('ben');
    c.login('cy');
    world.settle();
    for (const [cluster, user] of [
      [a, 'ann'],
      [b, 'ben'],
    ] as const)
      for (const other of ['ann', 'ben', 'cy']) if (other !== user) cluster.follow(user, other);
    world.settle();
    c.post('cy', 'hello');
    world.settle();
    assert.deepEqual([posts(a), posts(b), posts(c)], [['hello'], ['hello'], []]);
  });

  test('a cluster learns that its user is followed from another one, and when that ends', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    world.settle();
    a.follow('amy', 'ben');
    world.settle();
    assert.deepEqual(followersOf(b, 'ben'), ['amy', 'ann']);
    a.follow('ann', 'ben'); // refused: nothing to tell
    a.follow('ann', 'amy'); // no user there follows
    b.follow('bob', 'ben');
    world.settle();
    a.unfollow('ann', 'ben');
    world.settle();
    assert.deepEqual(followersOf(b, 'ben'), ['amy', 'bob']);
    assert.deepEqual(edges(b), ['ann follows ben', 'amy follows ben', 'ann unfollows ben']);
    assert.deepEqual(edges(a), []);
  });

  test('only the cluster of a user learns who follows that user', () => {
    const world = new Clusters(3);
    const [a, b, c] = [world.cluster(1), world.cluster(2), world.cluster(3)];
    for (const [cluster, user] of [
      [a, '1'],
      [b, '2'],
      [c, '3'],
    ] as const)
      cluster.login(user);
    world.settle();
    for (const [cluster, user] of [
      [a, '1'],
      [b, '2'],
      [c, '3'],
    ] as const)
      for (const other of ['1', '2', '3']) if (other !== user) cluster.follow(user, other);
    world.settle();
    assert.deepEqual(followersOf(a, '1'), ['2', '3']);
    assert.deepEqual(followersOf(b, '2'), ['1', '3']);
    assert.deepEqual(followersOf(c, '3'), ['1', '2']);
    assert.deepEqual(edges(a), ['2 follows 1', '3 follows 1']);
  });

  test('after a long absence the present state of each follow is sent once, whichever server has died', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    a.follow('amy', 'bob');
    world.settle();
    b.die();
    a.unfollow('ann', 'ben');
    a.sync();
    a.follow('ann', 'ben');
    a.sync();
    a.unfollow('ann', 'ben');
    a.follow('ann', 'bob');
    a.unfollow('amy', 'bob');
    a.follow('amy', 'bob');
    a.sync();
    a.die();
    a.revive();
    a.sync();
    b.revive();
    world.settle();
    assert.deepEqual(edges(b).slice(2), ['ann unfollows ben', 'ann follows bob', 'amy follows bob']);
    assert.deepEqual(followersOf(b, 'bob'), ['amy', 'ann']);
    assert.deepEqual(followersOf(b, 'ben'), []);
  });

  test('a follow that was sent and not committed here is sent again', () => {
    const { world, a, b } = two();
    a.follow('ann', 'ben');
    a.sync();
    a.flush();
    for (const stream of world.streams) if (stream.reader === b) while (world.deliver(stream, false));
    assert.deepEqual(edges(b), ['ann follows ben']);
    b.die();
    assert.deepEqual(edges(b), []);
    b.revive();
    world.settle();
    assert.deepEqual(edges(b), ['ann follows ben']);
    assert.deepEqual(followersOf(b, 'ben'), ['ann']);
  });

  test('a user belongs to one cluster', () => {
    const { world, a } = two();
    const token = a.login('ben');
    world.settle();
    assert.equal(outcome(a, token), undefined, 'refused before anything happened');
    assert.equal(a.list('ben'), '');
  });
});

type Act =
  | { readonly kind: 'post' | 'follow' | 'unfollow'; readonly who: number; readonly whom: number }
  | { readonly kind: 'deliver' | 'break'; readonly stream: number; readonly up: boolean }
  | { readonly kind: 'sync' | 'flush' | 'die' | 'revive'; readonly cluster: number }
  | { readonly kind: 'tick' };

const number = fc.nat(3);
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('post' as const), who: number, whom: number }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('follow' as const, 'follow' as const, 'unfollow' as const),
      who: number,
      whom: number,
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), stream: number, up: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('break' as const), stream: number, up: fc.boolean() }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom('sync' as const, 'flush' as const),
      cluster: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('die' as const, 'revive' as const, 'revive' as const),
      cluster: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick' as const) }) },
);

const USERS = ['ann', 'amy', 'ben', 'bob'];
const homeOf = (world: Clusters, user: number): LoneCluster => world.cluster(user < 2 ? 1 : 2);

function perform(world: Clusters, act: Act, no: number): void {
  switch (act.kind) {
    case 'post':
    case 'follow':
    case 'unfollow': {
      const home = homeOf(world, act.who);
      const user = USERS[act.who] ?? '';
      const target = USERS[act.whom] ?? '';
      if (!home.isThere) return;
      // Each request has a session of its own: a request that a crash takes back must not block the next one.
      home.login(user);
      home.ask(
        act.kind === 'post'
          ? { kind: 'post', user, text: `${user} ${no}` }
          : { kind: act.kind, user, target },
      );
      return;
    }
    case 'deliver':
    case 'break': {
      const stream = [...world.streams][act.stream];
      if (stream === undefined) return;
      if (act.kind === 'deliver') world.deliver(stream, act.up);
      else world.break(stream);
      return;
    }
    case 'sync':
      return world.cluster(act.cluster).sync();
    case 'flush':
      return world.cluster(act.cluster).flush();
    case 'die':
      if (world.cluster(act.cluster).isThere) world.cluster(act.cluster).die();
      return;
    case 'revive':
      if (!world.cluster(act.cluster).isThere) world.cluster(act.cluster).revive();
      return;
    case 'tick':
      return world.tick();
  }
}

/** Works out by itself from which position on each author's posts must be here, and compares. */
function check(here: LoneCluster, there: LoneCluster): void {
  const since = new Map<string, number>();
  const followers = new Map<string, Set<string>>();
  const got = new Set<number>();
  let last = 0;
  for (const { command } of here.journal) {
    if (isRemoteCommand(command)) {
      const at = command.origin.position;
      assert.ok(at > last, `${at} comes after ${last}`);
      last = at;
      const original = there.journal[at - 1];
      if (command.kind === 'remote-follow' || command.kind === 'remote-unfollow') {
        const { user, target } = command;
        assert.deepEqual(original?.command, { kind: command.kind.slice('remote-'.length), user, target });
      }
      if (command.kind !== 'remote-post') continue;
      assert.equal(original && postIn(original)?.text, command.text);
      got.add(at);
    } else if (command.kind === 'follow' && USERS.indexOf(command.target) >= 0) {
      const theirs = followers.get(command.target) ?? new Set();
      if (theirs.size === 0) since.set(command.target, last);
      followers.set(command.target, theirs.add(command.user));
    } else if (command.kind === 'unfollow') {
      const theirs = followers.get(command.target);
      theirs?.delete(command.user);
      if (theirs?.size === 0) since.delete(command.target);
    }
  }
  for (const user of USERS) {
    if (!here.social.has(user)) continue;
    const follow = (name: string): boolean => followedBy(there, name).includes(user);
    const elsewhere = USERS.filter((name) => there.social.has(name) && follow(name));
    const told = followersOf(here, user).filter((name) => !here.social.has(name));
    assert.deepEqual(told, elsewhere.sort(), `who follows ${user}`);
  }
  for (const { command, position } of there.journal)
    if (command.kind === 'post' && position > (since.get(command.user) ?? Infinity))
      assert.ok(
        got.has(position),
        `${command.text} at ${position} is missing, heard ${here.heard.join(', ')}`,
      );
}

test('whatever fails on either side, each item comes once, in order, and none is missing', () => {
  fc.assert(
    fc.property(fc.array(acts, { minLength: 20, maxLength: 200 }), (schedule) => {
      const { world, a, b } = two();
      for (const [no, act] of schedule.entries()) perform(world, act, no);
      for (const cluster of world.all) if (!cluster.isThere) cluster.revive();
      world.settle();
      check(a, b);
      check(b, a);
    }),
    { numRuns: 150 },
  );
});

describe('messages of strangers', () => {
  const open = (other: Partial<Extract<TailMessage, { kind: 'open' }>> = {}): TailMessage => ({
    kind: 'open',
    networkId: 'net',
    from: 2,
    fromEpoch: epoch(1),
    cluster: 1,
    epoch: epoch(1),
    ...other,
  });
  /**
   * The consequences of a stream that a stranger opens at the primary of cluster 1, and of the real reader's.
   */
  const answer = (a: LoneCluster, message: TailMessage, link = 900): string => {
    const outputs = a.replica.step(a.world.now, { kind: 'tail-asked', link, message });
    return outputs
      .flatMap((output) => (output.kind === 'end-tail' ? [`${output.link} ${output.reason}`] : []))
      .join();
  };

  test('only the primary that the router names may tail', () => {
    const { world, a } = two();
    const [real] = [...world.streams].filter(({ teller }) => teller === a);
    assert.ok(real !== undefined);
    assert.equal(answer(a, open({ networkId: 'other' })), '900 wrong-network');
    assert.equal(answer(a, open({ cluster: 2 })), '900 wrong-cluster');
    assert.equal(answer(a, open({ from: 1 })), '900 wrong-cluster');
    assert.equal(answer(a, open({ from: 3 })), '900 unknown-cluster');
    assert.equal(answer(a, open({ fromEpoch: epoch(0) })), '900 fenced');
    // A stream with an epoch that doesn't exist yet doesn't replace the real reader's either.
    assert.equal(answer(a, open({ fromEpoch: epoch(500) })), '900 not-primary');
    world.settle();
    assert.ok(world.streams.has(real));
    assert.equal(answer(a, open()), `${real.link} superseded`);
  });

  test('an assignment of another network has no effect', () => {
    const { a } = two();
    const assignment = { ...a.world.cluster(2).assignment(), revision: 500, epoch: epoch(500) };
    a.step({ kind: 'cluster-assigned', networkId: 'other', assignment });
    assert.equal(answer(a, open({ fromEpoch: epoch(500) })), '900 not-primary');
  });

  test("unknown names may be requested up to a limit; names that can't belong here are ignored", () => {
    const { a } = two();
    answer(a, open());
    const subscribe = (names: readonly string[]): string =>
      answer(a, { kind: 'subscribe', number: 1, after: position(0), add: names, remove: [], more: true });
    for (let at = 0; at < MAX_TAIL_UNKNOWN_NAMES; at += MAX_TAIL_NAMES)
      assert.equal(subscribe(Array.from({ length: MAX_TAIL_NAMES }, (_, each) => `nobody-${at + each}`)), '');
    // Names of known users do not count.
    assert.equal(subscribe(['ann', 'amy']), '');
    assert.equal(subscribe(['one-more']), '900 limit-reached');

    const named = new Clusters(2, 2).cluster(1);
    answer(named, open());
    for (let at = 0; at < 3 * MAX_TAIL_UNKNOWN_NAMES; at += MAX_TAIL_NAMES) {
      const evens = Array.from({ length: MAX_TAIL_NAMES }, (_, each) => String(2 * (at + each)));
      const message = {
        kind: 'subscribe',
        number: 1,
        after: position(0),
        add: evens,
        remove: [],
        more: true,
      } as const;
      assert.equal(answer(named, message), '');
    }
  });

  test('a cluster is believed only about its own users, and false items do not block it', () => {
    const world = new Clusters(2, 2);
    const [a, b] = [world.cluster(1), world.cluster(2)];
    a.login('1');
    b.login('2');
    world.settle();
    a.follow('1', '2');
    world.settle();
    const [stream] = [...world.streams].filter(({ reader }) => reader === a);
    assert.ok(stream !== undefined);
    const after = b.journal.length;
    const batch = (number: number): TailBatch => ({
      kind: 'batch',
      number,
      items: [{ kind: 'user', position: position(after + 1), user: '3' }],
      through: position(after + 1),
      arrived: [],
      left: [],
    });
    for (const number of [1, 2])
      a.step({ kind: 'tail-heard', attempt: stream.attempt, batch: batch(number) });
    a.sync();
    a.flush();
    assert.equal(a.heard.at(-1), `${after + 1} of c2: …`);
    assert.ok(stream.up.some(({ kind }) => kind === 'taken'));
    assert.equal(a.social.homeOf('3'), undefined);
  });

  test('a cluster that sends the next batch before the last was taken is left', () => {
    const { world, a, b } = two();
    const [stream] = [...world.streams].filter(({ reader }) => reader === a);
    assert.ok(stream !== undefined);
    let at: number = b.journal.length;
    for (const user of ['eva', 'eve']) {
      at += 1;
      const items = [{ kind: 'user', position: position(at), user }] as const;
      const batch: TailBatch = {
        kind: 'batch',
        number: 1,
        items,
        through: position(at),
        arrived: [],
        left: [],
      };
      a.step({ kind: 'tail-heard', attempt: stream.attempt, batch });
    }
    assert.ok(!world.streams.has(stream));
  });

  test('a user of another cluster changes nothing here, in any order of remote entry, login and post', () => {
    for (const hearsFirst of [true, false]) {
      const { world, a, b } = two();
      b.login('eve');
      b.sync();
      b.flush();
      const hear = (): void => {
        for (const stream of [...world.streams])
          if (stream.reader === a) while (world.deliver(stream, false));
      };
      if (hearsFirst) hear(); // appended, and not synced: her entry is not applied when she comes
      const login = a.login('eve');
      const post = a.post('eve', 'of nobody');
      const follow = a.follow('eve', 'ann');
      if (!hearsFirst) hear();
      world.settle();
      const { users } = a.social.toSnapshot();
      const eve = users.find(({ name }) => name === 'eve');
      // If she logs in before this cluster knows of her, she is a user here: the name was free. (Servers that
      // know the number of clusters always refuse her.)
      const done = hearsFirst ? 'wrong-cluster' : 'ok';
      assert.deepEqual(
        [login, post, follow].map((token) => outcome(a, token)),
        [done, done, done],
      );
      assert.deepEqual(
        [eve?.home, eve?.posts.length, eve?.following.length],
        hearsFirst ? [2, 0, 0] : [undefined, 1, 1],
      );
    }
  });
});

test('a reference to an answered post is translated, so that each cluster finds its post', () => {
  const { world, a, b } = two();
  a.follow('ann', 'ben');
  b.follow('bob', 'ann');
  world.settle();
  b.post('ben', 'from b');
  world.settle();
  const heard = a.journal.at(-1);
  const ofBen = heard && postIn(heard);
  assert.ok(ofBen?.origin !== undefined);
  a.post('ann', 'to ben', { ...referenceTo(ofBen), begin: 'from b' });
  world.settle();
  const answering = a.journal.at(-1);
  const first = { position: answering?.position, author: 'ann' };
  a.post('ann', 'to herself', { home: 1, position: position(first.position ?? 0), author: 'ann' });
  world.settle();
  const answersIn = (cluster: LoneCluster) =>
    cluster.journal.flatMap((entry) => postIn(entry)?.answers ?? []);
  const { position: at } = ofBen.origin;
  assert.deepEqual(answersIn(a), [{ home: 2, position: at, author: 'ben', begin: 'from b' }, first]);
  assert.deepEqual(answersIn(b), [
    { position: at, author: 'ben', begin: 'from b' },
    { home: 1, ...first },
  ]);
});

test('a post that answers an unknown post of another cluster is refused', () => {
  const { world, a } = two();
  const token = a.post('ann', 'to ben', { home: 2, position: position(3), author: 'ben' });
  world.settle();
  assert.equal(outcome(a, token), 'unknown-post');
});
