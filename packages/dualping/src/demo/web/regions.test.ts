/** What the page shows of a state: the words of the screen, as markup that no text can break. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Assignment, MemberInfo, WatchUpdate } from '@dualping/client';
import {
  type ClusterEvent,
  type ClusterFeed,
  type Controls,
  type Counts,
  LiveCluster,
  type Takeover,
} from '@dualping/terminal';
import { Subject } from 'rxjs';
import { PALETTE } from '../page/style.js';
import { PRESSED } from './presses.js';
import { REGIONS, regionsOf } from './regions.js';

const member = (serverId: number, facts: Partial<MemberInfo> = {}): MemberInfo => ({
  serverId: serverId as MemberInfo['serverId'],
  incarnation: 1,
  journalId: `journal-${serverId}`,
  lifeId: '',
  address: `127.0.0.1:710${serverId}`,
  liveness: 'stream',
  live: true,
  inSync: true,
  unreachable: false,
  ...facts,
});

function assignment(members: readonly MemberInfo[]): Assignment {
  const primary = members.find(({ live }) => live);
  return {
    cluster: 1,
    revision: 1,
    epoch: 7 as Assignment['epoch'],
    lastUncleanEpoch: 0 as Assignment['lastUncleanEpoch'],
    primary,
    available: primary !== undefined,
    unavailableReason: primary === undefined ? '<b>nobody</b>' : '',
    inSync: members,
    members,
  };
}

const takeover = (number: number, facts: Partial<Takeover> = {}): Takeover => ({
  number,
  cluster: 1,
  atMs: 0,
  fault: 'freeze',
  from: 1,
  to: 2,
  epoch: 7,
  parts: { detectMs: 500, promoteMs: 0, reconnectMs: 30, firstPostMs: 4 },
  totalMs: 534,
  clients: { reconnected: 12, all: 12, longestGapMs: 31 },
  ...facts,
});

const COUNTS: Counts = {
  clients: 12,
  posted: 12_040,
  acknowledged: 12_034,
  delivered: 132_374,
  lost: 0,
  repeated: 0,
  outOfOrder: 0,
};

function show(context: TestContext, controls: Controls | undefined) {
  const updates$ = new Subject<WatchUpdate>();
  const takeovers$ = new Subject<Takeover>();
  const events$ = new Subject<ClusterEvent>();
  const counts$ = new Subject<Counts>();
  const feed: ClusterFeed = {
    ...{ title: 'demo', updates$, takeovers$, events$, counts$ },
    ...{ controls, budgetMs: 600 },
  };
  const live = new LiveCluster(feed, { width: 0, height: 0 });
  live.start((error) => assert.fail(String(error)));
  context.after(() => live.close());
  const members = (...all: readonly MemberInfo[]): void =>
    updates$.next({ assignments: [assignment(all)], stats: [] });
  return { live, members, takeovers$, events$, counts$, regions: () => regionsOf(live.state, undefined) };
}

/** Controls that do nothing. */
const CONTROLS: Controls = {
  ...{ kill: async () => {}, freeze: async () => {}, thaw: async () => {} },
  ...{ cut: async () => {}, heal: async () => {}, restart: async () => {}, setAutomatic: () => {} },
  pids: new Map([['s1', 4_711]]),
};

test('before the first state every region exists and shows that it waits', (context) => {
  const regions = show(context, CONTROLS).regions();
  assert.deepEqual(Object.keys(regions), [...REGIONS]);
  assert.match(regions.top, /asking the router/);
  for (const markup of Object.values(regions)) assert.doesNotMatch(markup, /NaN|undefined|Infinity|\[object/);
});

test('members, takeovers and counts are shown in the same words as on the screen', (context) => {
  const { members, takeovers$, counts$, regions, live } = show(context, CONTROLS);
  members(member(1), member(2, { inSync: false }), member(3, { live: false }));
  takeovers$.next(takeover(1));
  counts$.next(COUNTS);
  live.dispatch({ kind: 'done', action: 'cut', victim: { kind: 'server', cluster: 1, serverId: 2 } });
  const { top, members: cards, takeovers, last, counts } = regions();
  assert.match(top, /◐ 1 of 3 healthy.*primary s1.*epoch 7/);
  assert.match(cards, /class="card primary selected" data-item="c1\/s1"/);
  assert.match(cards, /data-item="c1\/s2".*◐ cut off.*aria-label="heal s2".*data-item="c1\/s3".*✗ dead/);
  assert.match(cards, /data-item="router"/);
  assert.equal(takeovers.match(/class="bar"/g)?.length, 2, 'for wide and narrow screens');
  assert.match(last, /s1 <span class="warning">◐ frozen<\/span> → s2 in <b class="good">534 ms<\/b>/);
  assert.match(last, /12 of 12 people are on it/);
  assert.match(counts, /class="good"><dt>lost<\/dt><dd>0</);
  assert.match(counts, /12,040/);
  counts$.next({ ...COUNTS, lost: 2 });
  assert.match(regions().counts, /class="bad"><dt>lost<\/dt><dd>2</);
});

test('without controls there are no buttons', (context) => {
  const { members, regions } = show(context, undefined);
  members(member(1), member(2));
  for (const markup of Object.values(regions())) assert.doesNotMatch(markup, /<button/);
});

test('texts are only texts', (context) => {
  const { members, events$, regions, live } = show(context, CONTROLS);
  members(member(1, { live: false }));
  events$.next({ atMs: 0, kind: 'said', text: '<img src=x onerror=alert(1)> \u202e\u001b[2J' });
  live.dispatch({ kind: 'events', events: [{ atMs: 0, kind: 'said', text: '</li><script>' }] });
  live.dispatch({ kind: 'not-done', text: '<b>"no"</b>' });
  const { events, notice, top } = regions();
  assert.match(events, /&lt;\/li&gt;&lt;script&gt;/);
  assert.match(notice, /&lt;b&gt;&quot;no&quot;&lt;\/b&gt;/);
  assert.match(top, /&lt;b&gt;nobody/);
  for (const markup of Object.values(regions())) assert.doesNotMatch(markup, /<(img|script|b>no)/);
});

test('the keys of the page are those of the screen that do something, one sign each', () => {
  assert.deepEqual(PRESSED, ['x', 'X', 'K', 'z', 'n', 'r', 'a', 'j', 'k', 'g', 'G']);
});

test('every text colour is readable on each background, light and dark', () => {
  const [day = '', dark = ''] = PALETTE.split('@media');
  for (const [name, text] of [
    ['day', day],
    ['dark', dark],
  ] as const) {
    const colours = new Map(
      [...text.matchAll(/--([a-z-]+):#([0-9a-f]{3,6})[;}]/g)].map(([, key, value]) => [key, value]),
    );
    for (const ink of ['ink', 'soft', 'good', 'bad', 'warn'])
      for (const ground of ['paper', 'card']) {
        const contrast = contrastOf(colours.get(ink) ?? '', colours.get(ground) ?? '');
        assert.ok(contrast >= 4.5, `${name}: ${ink} on ${ground} has ${contrast.toFixed(2)}`);
      }
  }
});

/** After WCAG 2. */
function contrastOf(one: string, other: string): number {
  const light = (hex: string): number => {
    const whole = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
    const parts = [0, 2, 4].map((at) => Number.parseInt(whole.slice(at, at + 2), 16) / 255);
    const [red = 0, green = 0, blue = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [a, b] = [light(one), light(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
