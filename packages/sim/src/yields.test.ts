/**
 * The consequences of each fault alone: which server takes over, how soon, and that none does without need.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Patch } from './build.js';
import { calm, FAULT_AT_MS, firstPrimary, type Line, played, TIMING } from './calm.fixture.js';
import type { Fault } from './faults.js';
import { machinesWith } from './machines.js';
import type { Machines } from './simulation.js';

const SEEDS = [1, 2, 3, 4, 5];
const { pingIntervalMs, deadAfterMs } = TIMING;
/** Time of a failover after the loss was noticed: a few messages and syncs. */
const TAKEOVER_MS = 40;
/** How long a server that is asked to stop waits for others that are asked too, ms. */
const LEAVING_NOTICE_MS = 200;
/**
 * Silence is noticed with the next look, and looks are a ping apart; the silent one last spoke up to a ping
 * before.
 */
const NOTICED_MS = deadAfterMs + 2 * pingIntervalMs;

interface Names {
  readonly primary: string;
  readonly standby: string;
}

interface Yield {
  readonly name: string;
  readonly faults: (names: Names) => readonly Fault[];
  readonly epochs: number;
  /** From the fault, or from this line of the trace, until the next epoch is served, ms. */
  readonly withinMs?: number;
  readonly noticedWith?: string;
}

const at = { at: FAULT_AT_MS } as const;
const kill = { ...at, kind: 'kill', powerLost: false, afterOutputs: undefined } as const;
const split = { ...at, kind: 'split', lose: false } as const;
const isolate = { ...at, kind: 'isolate', process: 'router', lose: false } as const;
const cut = { ...at, kind: 'cut', both: true, lose: false } as const;

const YIELDS: readonly Yield[] = [
  { name: 'nothing', faults: () => [], epochs: 1 },
  {
    name: 'the primary is killed',
    faults: ({ primary }) => [{ ...kill, process: primary, forMs: 1_000 }],
    epochs: 2,
    withinMs: TAKEOVER_MS,
  },
  {
    name: 'the machine of the primary loses power',
    faults: ({ primary }) => [{ ...kill, process: primary, powerLost: true, forMs: 3_000 }],
    epochs: 2,
    withinMs: NOTICED_MS + TAKEOVER_MS,
  },
  {
    name: 'the primary freezes',
    faults: ({ primary }) => [{ ...at, kind: 'freeze', process: primary, forMs: 3_000 }],
    epochs: 2,
    withinMs: NOTICED_MS + TAKEOVER_MS,
  },
  {
    name: 'the primary freezes for a moment only',
    faults: ({ primary }) => [{ ...at, kind: 'freeze', process: primary, forMs: 250 }],
    epochs: 1,
  },
  {
    name: 'the primary is cut off from the router',
    faults: ({ primary }) => [{ ...cut, from: primary, to: 'router', forMs: 2_000 }],
    epochs: 2,
    withinMs: NOTICED_MS + TAKEOVER_MS,
  },
  {
    name: 'the router no longer hears the primary',
    faults: ({ primary }) => [{ ...cut, from: primary, to: 'router', both: false, forMs: 2_000 }],
    epochs: 2,
    withinMs: NOTICED_MS + TAKEOVER_MS,
  },
  {
    name: 'the primary is cut off from a standby',
    faults: ({ primary, standby }) => [{ ...cut, from: primary, to: standby, forMs: 2_000 }],
    epochs: 1,
  },
  {
    name: 'the primary is cut off from all standbys, and the router hears them all',
    faults: ({ primary }) => [{ ...split, aside: [primary], forMs: 4_000 }],
    epochs: 2,
    // Noticed by the standbys, which ask each other and say so with a ping.
    withinMs: NOTICED_MS + 2 * pingIntervalMs + TAKEOVER_MS,
  },
  {
    name: 'one standby is cut off from the primary and the other standby',
    faults: ({ standby }) => [{ ...split, aside: [standby], forMs: 4_000 }],
    epochs: 1,
  },
  {
    name: 'the router is cut off from everyone, for a moment',
    faults: () => [{ ...isolate, forMs: 450 }],
    epochs: 1,
  },
  {
    name: 'the router is cut off from everyone',
    faults: () => [{ ...isolate, forMs: 1_000 }],
    epochs: 1,
  },
  {
    name: 'the router is cut off from everyone, and members give it up',
    faults: () => [{ ...isolate, forMs: 4_000 }],
    epochs: 1,
  },
  {
    name: 'the router is cut off from everyone, and no connection outlives it',
    faults: () => [{ ...isolate, lose: true, forMs: 4_000 }],
    epochs: 1,
  },
  {
    name: 'a standby is killed',
    faults: ({ standby }) => [{ ...kill, process: standby, forMs: 1_000 }],
    epochs: 1,
  },
  {
    name: 'a standby freezes',
    faults: ({ standby }) => [{ ...at, kind: 'freeze', process: standby, forMs: 3_000 }],
    epochs: 1,
  },
  {
    name: 'the router is killed and started again',
    faults: () => [{ ...kill, process: 'router', forMs: 500 }],
    epochs: 1,
  },
  {
    name: 'the router freezes',
    faults: () => [{ ...at, kind: 'freeze', process: 'router', forMs: 1_200 }],
    epochs: 1,
  },
  {
    // Members give up waiting for its welcome and try again: it reads all attempts at once, most with their
    // end.
    name: 'the primary is killed while the router is frozen for long',
    faults: ({ primary }) => [
      { ...at, kind: 'freeze', process: 'router', forMs: 6_000 },
      { ...kill, at: FAULT_AT_MS + 5_000, process: primary, forMs: 20_000 },
    ],
    epochs: 2,
    withinMs: 6_000 + TIMING.reattachGraceMs + NOTICED_MS + TAKEOVER_MS,
  },
  {
    name: 'the disk of the primary fails',
    faults: ({ primary }) => [{ ...at, kind: 'failing-disk', process: primary, forMs: 0 }],
    epochs: 2,
    noticedWith: 'sync failed', // with the next write
    withinMs: TAKEOVER_MS,
  },
  {
    name: 'an operator asks for a handover',
    faults: () => [{ ...at, kind: 'handover', forMs: 0 }],
    epochs: 2,
    withinMs: TAKEOVER_MS,
  },
  {
    name: 'the primary is asked to stop',
    faults: ({ primary }) => [{ ...at, kind: 'stop', process: primary, forMs: 1_000 }],
    epochs: 2,
    withinMs: LEAVING_NOTICE_MS + TAKEOVER_MS,
  },
  {
    name: 'the disk of a standby is replaced',
    faults: ({ standby }) => [{ ...at, kind: 'wipe', process: standby, damaged: true, forMs: 1_000 }],
    epochs: 1,
  },
];

const atOf = (lines: readonly Line[], beginning: string): number =>
  lines.find(({ text }) => text.startsWith(beginning))?.atMs ?? Number.NaN;

/** Throws when a world of the seeds has another result. */
function check({ faults, epochs, withinMs, noticedWith }: Yield, machines: Machines): void {
  for (const seed of SEEDS) {
    const primary = firstPrimary(seed, machines);
    const standby = ['s1', 's2', 's3'].find((server) => server !== primary) ?? '';
    const { outcome, lines } = played(calm(seed, faults({ primary, standby })), machines);
    assert.equal(outcome.violation, undefined, `seed ${seed}: ${JSON.stringify(outcome.violation)}`);
    assert.equal(outcome.epochs, epochs, `epochs of seed ${seed}`);
    if (withinMs === undefined) continue;
    const fromMs = noticedWith === undefined ? FAULT_AT_MS : atOf(lines, noticedWith);
    const tookMs = atOf(lines, 'serves epoch 2 ') - fromMs;
    assert.ok(tookMs <= withinMs, `seed ${seed}: served after ${tookMs} ms, not within ${withinMs}`);
  }
}

describe('what a fault alone yields', () => {
  let machines: Machines;
  before(async () => {
    machines = await machinesWith()('production');
  });

  for (const expected of YIELDS) test(expected.name, () => check(expected, machines));
});

/**
 * Rules that only choose among safe promotions. Without them nothing is lost, so no checker of worlds
 * notices, but the result of a fault changes.
 */
const WITHOUT_RULE: readonly { readonly bug: string; readonly yields: string; readonly patch: Patch }[] = [
  {
    bug: 'a primary that most members cannot reach stays',
    yields: 'the primary is cut off from all standbys, and the router hears them all',
    patch: { file: 'registry/partition.js', find: 'return fit?.serverId', replace: 'return undefined' },
  },
  {
    bug: 'a primary that is cut off removes whom it cannot reach',
    yields: 'the primary is cut off from all standbys, and the router hears them all',
    patch: {
      file: 'registry/partition.js',
      find: 'together.length + 1 > (others.length + 2) / 2',
      replace: 'true',
    },
  },
];

describe('without a rule a fault yields something else', () => {
  for (const { bug, yields, patch } of WITHOUT_RULE)
    test(bug, async () => {
      const expected = YIELDS.find(({ name }) => name === yields);
      assert.ok(expected);
      const mutated = await machinesWith([patch])('production');
      assert.throws(() => check(expected, mutated), assert.AssertionError);
    });
});
