/** The limits of users keep their law, and the law notices when a rule of theirs is left out. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Command, type UserLimits, UserQuotas } from '@dualping/core';
import fc from 'fast-check';
import { type Change, changed } from './patch.js';
import { type Ask, breachOf } from './quota-law.js';

const RUNS = { numRuns: 600, seed: 16 };
const ALL: UserLimits = {
  postsPerSecond: 2,
  postBurst: 3,
  bytesPerDay: 700,
  loginsPerMinute: 2,
  maxUsers: 3,
};
/** So low that some dozens of requests reach each of them, with the others and alone. */
const LIMITS: readonly UserLimits[] = [
  ALL,
  { ...ALL, bytesPerDay: 1_000_000 },
  { ...ALL, postsPerSecond: 100, postBurst: 100 },
  { ...ALL, postBurst: 2, bytesPerDay: 400 },
];

const anyone = fc.constantFrom('ann', 'bob', 'eve', 'zoe');
/** One who does most of it: the others show that each has limits of their own. */
const users = fc.oneof({ weight: 4, arbitrary: fc.constant('ann') }, { weight: 1, arbitrary: anyone });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.oneof(users, anyone).map((user): Command => ({ kind: 'register', user })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ user: users, text: fc.constantFrom('a', 'ü'.repeat(60)) })
      .map((post): Command => ({ kind: 'post', ...post })),
  },
  { weight: 1, arbitrary: users.map((user): Command => ({ kind: 'follow', user, target: 'ann' })) },
);
const asks: fc.Arbitrary<Ask[]> = fc.array(
  fc.record({ afterMs: fc.constantFrom(0, 0, 1, 250, 300, 500, 20_000, 40_000, 30_000_000), command }),
  { maxLength: 60 },
);

type Quotas = typeof UserQuotas;

function breach(Made: Quotas): string | undefined {
  let found: string | undefined;
  fc.check(
    fc.property(asks, fc.constantFrom(...LIMITS), (all, limits) => {
      const wrong = breachOf(new Made(limits), limits, all);
      found ??= wrong;
      return wrong === undefined;
    }),
    { ...RUNS, endOnFailure: true },
  );
  return found;
}

test('whatever is asked when: the limits of users keep their law', () => {
  assert.equal(breach(UserQuotas), undefined);
});

const QUOTAS = 'replica/user-limits.js';
const BUCKETS = 'allowance.js';

interface Omission extends Change {
  readonly bug: string;
  readonly file?: string;
}

const OMISSIONS: readonly Omission[] = [
  { bug: 'posts are not counted', find: 'this.#posts?.take(user, now);', replace: '' },
  { bug: 'bytes are not counted', find: 'this.#bytes?.take(user, now, bytes);', replace: '' },
  { bug: 'logins are not counted', find: 'this.#logins?.take(user, now);', replace: '' },
  { bug: 'texts weigh nothing', find: 'ENTRY_BYTES + textBytes', replace: 'ENTRY_BYTES' },
  {
    bug: 'posts are not looked at',
    find: 'this.#posts?.waitMs(user, now) ?? 0',
    replace: '0',
  },
  { bug: 'bytes are not looked at', find: 'this.#bytes?.waitMs(user, now, bytes) ?? 0', replace: '0' },
  { bug: 'logins are not looked at', find: 'this.#logins?.waitMs(user, now) ?? 0', replace: '0' },
  { bug: 'one more post at once', find: 'burst: postBurst', replace: 'burst: postBurst + 1' },
  {
    bug: 'twice as many posts a second',
    find: 'perSecond: postsPerSecond',
    replace: 'perSecond: postsPerSecond * 2',
  },
  { bug: "a day's bytes an hour", find: 'bytesPerDay / DAY_S', replace: 'bytesPerDay / 3_600' },
  { bug: "a minute's logins a second", find: 'loginsPerMinute / MINUTE_S', replace: 'loginsPerMinute' },
  {
    bug: 'a refused post counts',
    find: 'if (waitForRoomMs > 0) {',
    replace: 'if (waitForRoomMs > 0) { this.#posts?.take(user, now);',
  },
  { bug: 'one name too many', find: 'social.userCount < maxUsers', replace: 'social.userCount <= maxUsers' },
  { bug: 'a full cluster keeps out who is known', find: '|| social.has(user)', replace: '' },
  {
    bug: 'all share one bucket',
    file: BUCKETS,
    find: 'this.#buckets.get(key)',
    replace: 'this.#buckets.first',
  },
  {
    bug: 'a bucket is filled anew by each post',
    file: BUCKETS,
    find: 'bucket.fullAt = Math.max(now, bucket.fullAt) + filledMs',
    replace: 'bucket.fullAt = now + filledMs',
  },
  {
    bug: 'buckets are forgotten before they are full',
    file: BUCKETS,
    find: '(buckets.first?.fullAt ?? now) < now',
    replace: '(buckets.first?.fullAt ?? Number.POSITIVE_INFINITY) < now + 1_000',
  },
];

describe('a rule that is left out is noticed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-quotas-'));
  const core = join(folder, 'core');
  cpSync(dirname(fileURLToPath(import.meta.resolve('@dualping/core'))), core, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  after(() => rmSync(folder, { recursive: true, force: true }));
  const read = (file: string): string => readFileSync(join(core, file), 'utf8');

  for (const [index, { bug, file = QUOTAS, find, replace }] of OMISSIONS.entries())
    test(bug, async () => {
      const text = changed(read(file), { find, replace }, file);
      const own = (of: string): string => of.replace(/\.js$/, `-${index}.js`);
      writeFileSync(join(core, own(file)), text);
      if (file === BUCKETS)
        writeFileSync(
          join(core, own(QUOTAS)),
          changed(read(QUOTAS), { find: "'../allowance.js'", replace: `'../${own(BUCKETS)}'` }, QUOTAS),
        );
      const { UserQuotas: Wrong } = (await import(pathToFileURL(join(core, own(QUOTAS))).href)) as {
        readonly UserQuotas: Quotas;
      };
      assert.notEqual(breach(Wrong), undefined, 'it survives');
    });
});
