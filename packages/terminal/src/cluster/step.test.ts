import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assignment,
  Demonstration,
  lesson,
  member,
  NOW_MS,
  stats,
  takeover,
  update,
} from './demonstration.fixture.js';
import type { ClusterViewEvent } from './view-events.js';
import { postsPerSecond } from './watching.js';

const server = (serverId: number) => ({ kind: 'server', cluster: 1, serverId }) as const;
const action = (what: string, serverId: number) => ({
  kind: 'action',
  action: what,
  victim: server(serverId),
});
const whole = () =>
  new Demonstration().now(
    update([
      assignment(
        1,
        [1, 2, 3].map((id) => member(id)),
      ),
    ]),
  );
const events = (...texts: readonly string[]): ClusterViewEvent => ({
  kind: 'events',
  events: texts.map((text) => ({ atMs: NOW_MS, kind: 'said', text })),
});
const shown = (show: Demonstration) =>
  show
    .screen()
    .slice(show.screen().findIndex((row) => row.startsWith(' Events')) + 1, -1)
    .map((row) => row.slice(18))
    .filter((text) => text !== '');

test('faults are for the selected server, or for the primary wherever it is', () => {
  const show = whole().press('j', 'x', 'X', 'K');
  assert.deepEqual(show.effects, [
    action('kill', 2),
    action('kill', 1),
    { kind: 'action', action: 'kill', victim: { kind: 'router' } },
  ]);
  assert.deepEqual(show.state.selected, server(1), 'whom it was done to is looked at');
});

test('a click selects the row under it; a click outside selects nothing', () => {
  const show = whole().now({ kind: 'chosen', victim: server(3) });
  assert.deepEqual(show.press('x').effects, [action('kill', 3)]);
  show.now(
    { kind: 'chosen', victim: server(9) },
    { kind: 'chosen', victim: { kind: 'server', cluster: 2, serverId: 1 } },
  );
  assert.deepEqual(show.state.selected, server(3));
  show.now({ kind: 'chosen', victim: { kind: 'router' } });
  assert.deepEqual(show.state.selected, { kind: 'router' });
});

test('freeze and cut are done and undone by the same key, and shown once they are done', () => {
  const show = whole().press('z', 'n');
  assert.deepEqual(show.effects, [action('freeze', 1), action('cut', 1)], 'nothing is done yet');
  show.now({ kind: 'done', action: 'freeze', victim: server(1) });
  assert.match(show.screen()[2] ?? '', /◐ frozen/);
  assert.match(show.press('escape').screen().at(-1) ?? '', /z thaw/);
  show.press('z').now({ kind: 'done', action: 'thaw', victim: server(1) });
  assert.deepEqual(show.effects.at(-1), action('thaw', 1));
  assert.match(show.screen()[2] ?? '', /● up/);
});

test('a server that is live again is no longer marked, and a killed one is not shown as frozen', () => {
  const gone = [member(1, { live: false }), member(2), member(3)];
  const show = whole().now({ kind: 'done', action: 'freeze', victim: server(1) });
  show.now(update([assignment(2, gone, { revision: 2 })]));
  assert.match(show.screen()[2] ?? '', /◐ frozen/);
  show.now(
    update([
      assignment(
        2,
        [1, 2, 3].map((id) => member(id)),
        { revision: 3 },
      ),
    ]),
  );
  assert.match(show.screen()[2] ?? '', /● up/);
  show.now(
    { kind: 'done', action: 'freeze', victim: server(1) },
    { kind: 'done', action: 'kill', victim: server(1) },
  );
  show.now(update([assignment(2, gone, { revision: 4 })]));
  assert.match(show.screen()[2] ?? '', /✗ dead/);
});

test('the last server that can serve is killed only by two presses in a short time', () => {
  const show = new Demonstration();
  show.now(update([assignment(2, [member(1, { live: false }), member(2), member(3, { inSync: false })])]));
  show.press('X');
  assert.deepEqual(show.effects, []);
  assert.match(
    show.screen().at(-1) ?? '',
    /✗ s2 is the last that can serve: to kill it stops all posts until/,
  );
  show.after(7_000).press('X');
  assert.deepEqual(show.effects, [], 'the first time is long ago');
  show.press('z');
  assert.deepEqual(show.effects, [], 'another action is asked for the first time');
  show.press('X', 'X');
  assert.deepEqual(show.effects, [action('kill', 2)]);
});

test('a frozen standby does not count as one that can serve', () => {
  const show = whole().now(
    { kind: 'done', action: 'freeze', victim: server(2) },
    { kind: 'done', action: 'cut', victim: server(3) },
  );
  assert.deepEqual(show.press('x').effects, []);
  assert.match(show.screen().at(-1) ?? '', /s1 is the last that can serve/);
});

test('the last server is killed only by two presses, also while the router is away', () => {
  const show = whole().after(4_000);
  for (const id of [1, 2]) {
    show.press('x');
    assert.deepEqual(show.effects.at(-1), action('kill', id));
    show.now({ kind: 'done', action: 'kill', victim: server(id) }).press('j');
  }
  show.press('x');
  assert.match(show.screen().at(-1) ?? '', /s3 is the last that can serve/);
  assert.equal(show.effects.length, 2);
  show.press('x');
  assert.deepEqual(show.effects.at(-1), action('kill', 3));
});

test('killing a primary without having one is reported', () => {
  const show = new Demonstration().now(
    update([assignment(undefined, [member(1, { live: false })], { available: false })]),
  );
  assert.deepEqual(show.press('X').effects, []);
  assert.match(show.screen().at(-1) ?? '', /nobody is primary now/);
});

test('a failed action is reported', () => {
  const show = whole().now({ kind: 'not-done', text: 's1 has ended already' });
  assert.match(show.screen().at(-1) ?? '', /✗ s1 has ended already/);
  assert.match(show.after(10_000).screen().at(-1) ?? '', /x kill/);
});

test('without controls the keys do nothing', () => {
  const show = lesson({ canAct: false }).press('x', 'X', 'X', 'K', 'z', 'n', 'r', 'a');
  assert.deepEqual(show.effects, []);
  assert.deepEqual(show.press('q').effects, [{ kind: 'quit' }]);
});

test('automatic mode is shown while it is on', () => {
  const show = whole().press('a');
  assert.deepEqual(show.effects, [{ kind: 'automatic', on: true }]);
  assert.match(show.screen()[0] ?? '', /cluster 1 {2}auto {2}●/);
  assert.deepEqual(show.press('a').effects.at(-1), { kind: 'automatic', on: false });
});

test("a takeover shows what the router can't know: that the old primary is frozen", () => {
  const show = whole();
  show.now(
    update([assignment(2, [member(1, { live: false }), member(2), member(3)], { epoch: 18, revision: 2 })]),
  );
  assert.match(show.screen()[2] ?? '', /✗ dead/);
  show.now({ kind: 'takeover', takeover: takeover(1, 170, { fault: 'freeze', from: 1, to: 2 }) });
  assert.match(show.screen()[2] ?? '', /◐ frozen/);
});

test('paused events stay; new ones are counted, and shown when the list continues', () => {
  const show = new Demonstration().now(events('one', 'two')).press('p').now(events('three'));
  assert.deepEqual(shown(show), ['one', 'two']);
  assert.match(show.screen().join('\n'), /Events ‖ paused, 1 newer · p goes on/);
  assert.deepEqual(shown(show.press('p')), ['one', 'two', 'three']);
});

test('events are paged back and forth, and at the end new ones are shown again', () => {
  const show = new Demonstration({ canAct: false });
  show.now(events(...Array.from({ length: 60 }, (_, at) => `event ${at + 1}`)));
  const rows = shown(show).length;
  assert.equal(shown(show).at(-1), 'event 60');
  show.press('page-up');
  assert.equal(shown(show).at(-1), `event ${60 - rows + 1}`);
  show.press('page-up', 'page-up', 'page-up', 'page-up', 'page-up');
  assert.equal(shown(show)[0], 'event 1');
  assert.equal(shown(show).length, rows);
  show.press('page-down', 'page-down', 'page-down', 'page-down', 'page-down', 'page-down');
  assert.equal(shown(show).at(-1), 'event 60');
  assert.equal(show.state.shown.end, undefined);
});

test('a search shows its matches while it is typed, and Esc ends it', () => {
  const show = new Demonstration()
    .now(events('s1 dropped', 'S2 promoted', 's1 is back'))
    .press('/', 's', '1');
  assert.deepEqual(shown(show), ['s1 dropped', 's1 is back']);
  assert.equal(show.screen().at(-1), ' /s1');
  assert.deepEqual(show.effects, [], 'what is typed is not a key');
  show.press('enter');
  assert.match(show.screen().join('\n'), /Events with “s1”: 2 · Esc shows all/);
  assert.equal(shown(show.press('escape')).length, 3);
});

test('thousands of events are not kept for ever, and a pause holds', () => {
  const show = new Demonstration().now(events('first')).press('p');
  for (let round = 0; round < 30; round += 1)
    show.now(events(...Array.from({ length: 100 }, (_, at) => `event ${round * 100 + at}`)));
  assert.equal(show.state.events.length, 2_000);
  assert.ok(shown(show).length > 5, 'the window stays full when what was looked at is forgotten');
});

test('rates are of one life, and uptime begins when the view does', () => {
  const show = new Demonstration({ width: 120 }).now(update([assignment(1, [member(1)])]));
  for (const posts of [100, 140, 180]) show.after(1_000, update([], [stats(1, { posts })]));
  const rate = () => {
    const seen = show.state.clusters.get(1)?.members[0];
    return seen === undefined ? undefined : postsPerSecond(seen);
  };
  assert.equal(rate(), 40);
  assert.match(show.screen()[2] ?? '', />3 s/);
  show.now(update([assignment(1, [member(1, { incarnation: 2 })], { revision: 2 })]));
  assert.equal(rate(), undefined);
  show.after(1_000, update([], [stats(1, { posts: 5 })])).after(1_000, update([], [stats(1, { posts: 7 })]));
  assert.equal(rate(), 2);
  assert.match(show.screen()[2] ?? '', / 2 s /);
});

test('an older assignment than the known one changes nothing', () => {
  const show = whole().now(update([assignment(2, [member(2)], { revision: 5 })]));
  const before = show.state.clusters;
  show.now(update([assignment(1, [member(1)], { revision: 4 })]));
  assert.deepEqual(show.state.clusters, before);
});
