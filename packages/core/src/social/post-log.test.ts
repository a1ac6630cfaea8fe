/** Timelines that are read backwards in a changing state, by any reader, however far back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Command, epoch, type Position, position, type UserName } from '../index.js';
import { SocialState } from './social-state.js';
import type { Shown } from './timeline.js';

/** All are there from the beginning; eve posts most, so that walks end before they have found enough. */
const USERS = ['ann', 'bob', 'cid', 'eve'];

type Step =
  | { readonly kind: 'do'; readonly command: Command }
  | { readonly kind: 'many'; readonly posts: number }
  | {
      readonly kind: 'look';
      readonly user: UserName;
      readonly back: number | undefined;
      readonly limit: number;
      readonly shown: Shown;
    };

const user = fc.constantFrom(...USERS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('do' as const),
      command: fc.oneof(
        fc.record({
          kind: fc.constant('post' as const),
          user,
          text: fc.constantFrom('hello', '@ann look', '@bob and @ann'),
        }),
        fc.record({ kind: fc.constantFrom('follow' as const, 'unfollow' as const), user, target: user }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('many' as const), posts: fc.nat(40) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('look' as const),
      user,
      back: fc.option(fc.nat(200), { nil: undefined }),
      limit: fc.nat(8),
      shown: fc.record({ othersOnly: fc.boolean(), mentions: fc.boolean() }),
    }),
  },
);

/** The same network, computed by going through everything that ever happened. */
class Model {
  readonly posts: { readonly at: number; readonly author: UserName; readonly named: readonly UserName[] }[] =
    [];
  readonly since = new Map<string, number>();

  apply(command: Command, at: number): void {
    if (command.kind === 'post') {
      const named = USERS.filter(
        (name) =>
          command.text.includes(`@${name}`) &&
          name !== command.user &&
          !this.since.has(`${name} ${command.user}`),
      );
      this.posts.push({ at, author: command.user, named });
    }
    if (!('target' in command) || command.user === command.target) return;
    const edge = `${command.user} ${command.target}`;
    if (command.kind === 'unfollow') this.since.delete(edge);
    else if (!this.since.has(edge)) this.since.set(edge, at);
  }

  timeline(reader: UserName, { othersOnly, mentions }: Shown): number[] {
    return this.posts
      .filter(
        ({ at, author, named }) =>
          (author === reader && othersOnly !== true) ||
          (this.since.get(`${reader} ${author}`) ?? Number.POSITIVE_INFINITY) < at ||
          (mentions === true && named.includes(reader)),
      )
      .map(({ at }) => at);
  }
}

test('a page equals what a full scan gives, whatever has changed since the last page', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      let state = new SocialState();
      const model = new Model();
      const perform = (command: Command): void => {
        const at = (state.applied + 1) as Position;
        state.apply({ position: at, epoch: epoch(1), timeMs: 0, sessionId: '', requestNo: 0, command });
        model.apply(command, at);
      };
      for (const name of USERS) perform({ kind: 'register', user: name });
      for (const [index, each] of steps.entries()) {
        // A state out of a snapshot knows the same.
        if (index === 40) state = SocialState.fromSnapshot(state.toSnapshot());
        if (each.kind === 'do') perform(each.command);
        else if (each.kind === 'many')
          for (let post = 0; post < each.posts; post += 1)
            perform({ kind: 'post', user: 'eve', text: 'again' });
        else {
          const { user: reader, back, limit, shown } = each;
          const before = back === undefined ? undefined : position(Math.max(0, state.applied + 1 - back));
          const all = model.timeline(reader, shown).filter((at) => before === undefined || at < before);
          const { positions, oldest } = state.timelineBefore(reader, before, limit, shown);
          assert.deepEqual(positions, limit === 0 ? [] : all.slice(-limit));
          assert.equal(oldest, all.length <= limit);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('positions far apart, as in a journal that begins late, cost no memory and are found', () => {
  const [early, late] = [position(7), position(2 ** 40)];
  const state = SocialState.fromSnapshot({
    position: late,
    users: [
      { name: 'ann', since: position(1), following: [{ target: 'bob', since: position(3) }], posts: [] },
      { name: 'bob', since: position(2), following: [], posts: [early, late] },
    ],
    sessions: [],
    origins: [],
  });
  assert.deepEqual(state.timelineBefore('ann', undefined, 20).positions, [early, late]);
  assert.deepEqual(state.timelineBefore('ann', late, 20).positions, [early]);
  assert.deepEqual(state.timelineBefore('ann', early, 20).positions, []);
});
