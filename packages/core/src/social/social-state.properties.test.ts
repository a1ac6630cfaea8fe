import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Command, Entry, Position, Reply, SocialReason, UserName } from '../index.js';
import { epoch, position } from '../index.js';
import { listsOf } from './social-play.fixture.js';
import { SocialState } from './social-state.js';

/** Few names, so that they meet; sessions of a user are its name and a digit. */
const USERS = ['ann', 'bob', 'cid', 'dan'];
const MAX_SESSIONS = 5;
const RUNS = { numRuns: 300 };

type Plan = { readonly command: Command; readonly place: number };

const user = fc.constantFrom(...USERS);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('register' as const), user }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('follow' as const), user, target: user }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unfollow' as const), user, target: user }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('post' as const), user, text: fc.string({ minLength: 1 }) }),
  },
);
const plans = fc.array(fc.record({ command, place: fc.integer({ min: 0, max: 2 }) }), {
  maxLength: 120,
  size: 'max',
});

/** Requests numbered as clients would: each session from 1, without a gap. */
function journalOf(given: readonly Plan[]): Entry[] {
  const last = new Map<string, number>();
  return given.map(({ command, place }, index) => {
    const sessionId = `${command.user}${place}`;
    const requestNo = (last.get(sessionId) ?? 0) + 1;
    last.set(sessionId, requestNo);
    return { position: position(index + 1), epoch: epoch(1), timeMs: index, sessionId, requestNo, command };
  });
}

/** A model of the same network, which goes through everything that ever happened. */
class Model {
  readonly replies: { sessionId: string; requestNo: number; user: UserName; reply: Reply }[] = [];
  readonly posts: { at: number; author: UserName }[] = [];
  readonly edges: { user: UserName; target: UserName; since: number }[] = [];
  readonly users: UserName[] = [];

  apply({ command, position: at, sessionId, requestNo }: Entry): void {
    const reason = this.#perform(command as Command, at);
    const reply: Reply =
      reason === undefined ? { kind: 'ok', position: at } : { kind: 'refused', position: at, reason };
    this.replies.push({ sessionId, requestNo, user: (command as Command).user, reply });
  }

  #perform(command: Command, at: number): SocialReason | undefined {
    const known = this.users.includes(command.user);
    const edge = this.edges.findIndex(
      (candidate) =>
        'target' in command && candidate.user === command.user && candidate.target === command.target,
    );
    switch (command.kind) {
      case 'register':
        if (!known) this.users.push(command.user);
        return undefined;
      case 'post':
        if (known) this.posts.push({ at, author: command.user });
        return known ? undefined : 'unknown-user';
      case 'follow':
        if (command.user === command.target) return 'cannot-follow-self';
        if (!known) return 'unknown-user';
        if (!this.users.includes(command.target)) return 'unknown-target';
        if (edge >= 0) return 'already-following';
        this.edges.push({ user: command.user, target: command.target, since: at });
        return undefined;
      case 'unfollow':
        if (command.user === command.target) return 'cannot-unfollow-self';
        if (!known) return 'unknown-user';
        if (!this.users.includes(command.target)) return 'unknown-target';
        if (edge < 0) return 'not-following';
        this.edges.splice(edge, 1);
        return undefined;
    }
  }

  timeline(of: UserName): number[] {
    return this.posts
      .filter(
        ({ author, at }) =>
          author === of ||
          this.edges.some((edge) => edge.user === of && edge.target === author && edge.since < at),
      )
      .map(({ at }) => at);
  }

  /** Sessions that are remembered: those with the latest requests. */
  remembered(): string[] {
    const heard = this.replies.map(({ sessionId }) => sessionId).reverse();
    return [...new Set(heard)].slice(0, MAX_SESSIONS).reverse();
  }
}

function replay(entries: readonly Entry[], state = new SocialState({ maxSessions: MAX_SESSIONS })) {
  const effects = entries.map((entry) => state.apply(entry));
  return { state, effects };
}

test('the state equals what all changes together give', () => {
  fc.assert(
    fc.property(plans, fc.nat(130), fc.nat(12), (given, bound, limit) => {
      const entries = journalOf(given);
      const model = new Model();
      for (const entry of entries) model.apply(entry);
      const { state, effects } = replay(entries);

      const replies = effects.flat().filter((effect) => effect.kind === 'reply');
      assert.deepEqual(
        replies.map(({ reply }) => reply),
        model.replies.map(({ reply }) => reply),
      );
      const posts = effects.flat().filter((effect) => effect.kind === 'post');
      assert.deepEqual(
        posts.map(({ post }) => ({ at: post.position, author: post.author })),
        model.posts,
      );
      assert.deepEqual(
        [...state.retainedPosts()],
        model.posts.map(({ at }) => at),
      );
      for (const name of [...USERS, 'eve']) {
        const following = model.edges.filter((edge) => edge.user === name).map((edge) => edge.target);
        const followers = model.edges.filter((edge) => edge.target === name).map((edge) => edge.user);
        assert.deepEqual(listsOf(state, name, limit + 1), {
          users: [...model.users].sort(),
          followers: [...followers].sort(),
          following: [...following].sort(),
        });
        if (state.has(name)) assert.deepEqual([...state.audience(name)].sort(), [name, ...followers].sort());
        checkTimeline(state, name, model.timeline(name), bound, limit);
      }
    }),
    RUNS,
  );
});

function checkTimeline(state: SocialState, user: UserName, all: number[], bound: number, limit: number) {
  for (const before of [undefined, position(bound)]) {
    const older = all.filter((at) => before === undefined || at < before);
    assert.deepEqual(state.timelineBefore(user, before, limit), {
      positions: limit === 0 ? [] : older.slice(-limit),
      unfollowed: [],
      oldest: older.length <= limit,
    });
  }
  const newer = all.filter((at) => at > bound);
  assert.deepEqual(state.timelineAfter(user, position(bound), limit), {
    positions: newer.slice(0, limit),
    unfollowed: [],
    more: newer.length > limit,
  });
}

test('a remembered session gets its first outcomes again, a forgotten one gets session-expired', () => {
  fc.assert(
    fc.property(plans, (given) => {
      const entries = journalOf(given);
      const model = new Model();
      for (const entry of entries) model.apply(entry);
      const { state } = replay(entries);
      const remembered = model.remembered();
      assert.deepEqual(
        state.toSnapshot().sessions.map(({ sessionId }) => sessionId),
        remembered,
      );
      // Requests of a session from before it was forgotten, and began again with a later number, are too old.
      const forgottenUpTo = forgotten(entries);
      for (const { sessionId, requestNo, user: name, reply } of model.replies) {
        const admission = state.admit(sessionId, requestNo, name);
        if (!remembered.includes(sessionId))
          assert.equal(admission.kind, requestNo === 1 ? 'new' : 'refused');
        else if (requestNo <= (forgottenUpTo.get(sessionId) ?? 0))
          assert.deepEqual(admission, { kind: 'refused', reason: 'request-too-old' });
        else assert.deepEqual(admission, { kind: 'known', reply });
      }
    }),
    RUNS,
  );
});

/** The last request of each session that was applied before the session was forgotten. */
function forgotten(entries: readonly Entry[]): Map<string, number> {
  const upTo = new Map<string, number>();
  const order: string[] = [];
  const last = new Map<string, number>();
  for (const { sessionId, requestNo } of entries) {
    if (order.includes(sessionId)) order.splice(order.indexOf(sessionId), 1);
    order.push(sessionId);
    last.set(sessionId, requestNo);
    const gone = order.length > MAX_SESSIONS ? order.shift() : undefined;
    if (gone !== undefined) upTo.set(gone, last.get(gone) ?? 0);
  }
  return upTo;
}

test('a snapshot and the entries after it give the same state as all entries', () => {
  fc.assert(
    fc.property(plans, fc.nat(120), (given, cut) => {
      const entries = journalOf(given);
      const whole = replay(entries);
      const head = replay(entries.slice(0, cut));
      const throughText = JSON.parse(JSON.stringify(head.state.toSnapshot()));
      const restored = SocialState.fromSnapshot(throughText, { maxSessions: MAX_SESSIONS });
      const tail = replay(entries.slice(cut), restored);

      assert.deepEqual([...head.effects, ...tail.effects], whole.effects);
      assert.deepEqual(tail.state.toSnapshot(), whole.state.toSnapshot());
      for (const name of USERS) {
        assert.deepEqual(
          tail.state.timelineBefore(name, undefined, 50),
          whole.state.timelineBefore(name, undefined, 50),
        );
        assert.deepEqual([...tail.state.audience(name)].sort(), [...whole.state.audience(name)].sort());
      }
      assert.deepEqual([...tail.state.retainedPosts()], [...whole.state.retainedPosts()] as Position[]);
    }),
    RUNS,
  );
});

/** Own users ann and bob; yves and zoe are of cluster 2, and follow and are followed. */
const acrossCommand = fc.oneof(
  fc.record({ kind: fc.constant('register' as const), user: fc.constantFrom('ann', 'bob') }),
  fc.record({
    kind: fc.constantFrom('follow' as const, 'follow' as const, 'unfollow' as const),
    user: fc.constantFrom('ann', 'bob'),
    target: fc.constantFrom('ann', 'yves', 'zoe'),
  }),
  fc.record({ kind: fc.constant('remote-user' as const), user: fc.constantFrom('yves', 'zoe', 'ann') }),
  fc.record({
    kind: fc.constantFrom('remote-follow' as const, 'remote-follow' as const, 'remote-unfollow' as const),
    user: fc.constantFrom('yves', 'zoe', 'ann', 'xenia'),
    target: fc.constantFrom('ann', 'bob', 'yves', 'eve'),
  }),
);

test('follows across clusters: what is sent, what is received, and both after a snapshot', () => {
  fc.assert(
    fc.property(fc.array(acrossCommand, { maxLength: 150, size: 'max' }), fc.nat(150), (given, cut) => {
      const entries = given.map((drawn, index): Entry => {
        const origin = { cluster: 2, position: position(index + 1) };
        const command = drawn.kind.startsWith('remote-') ? { ...drawn, origin } : drawn;
        const at = position(index + 1);
        return { position: at, epoch: epoch(1), timeMs: 0, sessionId: '', requestNo: 0, command } as Entry;
      });
      const whole = replay(entries);
      const told = new Map<string, { follows: boolean; position: number }>();
      for (const effect of whole.effects.flat())
        if (effect.kind === 'edge') {
          const { user: follower, target, follows, position: at } = effect.change;
          assert.notEqual(
            told.get(`${follower} ${target}`)?.follows ?? false,
            follows,
            'told only when it changes',
          );
          told.set(`${follower} ${target}`, { follows, position: at });
        }
      for (const follower of ['ann', 'bob'])
        for (const target of ['yves', 'zoe']) {
          const follows = whole.state
            .listAfter(follower, undefined, 100)
            .users.some(({ user: name, isFollowed }) => name === target && isFollowed);
          // ann may be a user of cluster 2, depending on which entry came first: then cluster 2 reports her.
          const isOurs = whole.state.has(follower);
          assert.equal(told.get(`${follower} ${target}`)?.follows ?? false, isOurs && follows);
        }

      const head = replay(entries.slice(0, cut));
      const throughText = JSON.parse(JSON.stringify(head.state.toSnapshot()));
      const tail = replay(entries.slice(cut), SocialState.fromSnapshot(throughText));
      assert.deepEqual([...head.effects, ...tail.effects], whole.effects);
      assert.deepEqual(tail.state.toSnapshot(), whole.state.toSnapshot());
      for (const name of ['ann', 'bob', 'yves', 'zoe'])
        assert.deepEqual(
          tail.state.listAfter(name, undefined, 100),
          whole.state.listAfter(name, undefined, 100),
        );
      const news = (state: SocialState) => state.newsAfter({ cluster: 2, authors: [] }, position(cut), 1_000);
      assert.deepEqual(news(tail.state), news(whole.state));
      const late = [...told].filter(([, { position: at }]) => at > cut).map(([pair]) => pair);
      const edgesTold = news(whole.state).items.flatMap((item) =>
        'target' in item ? [`${item.user} ${item.target}`] : [],
      );
      assert.deepEqual(edgesTold.sort(), late.sort());
      assert.deepEqual(
        whole.state
          .newsAfter({ cluster: 3, authors: [] }, position(0), 1_000)
          .items.filter((item) => 'target' in item),
        [],
      );
    }),
    RUNS,
  );
});
