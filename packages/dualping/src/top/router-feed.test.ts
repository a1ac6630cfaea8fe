import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchUpdate } from '@dualping/client';
import { DualpingError } from '@dualping/core';
import { Subject, VirtualTimeScheduler } from 'rxjs';
import { assignment, away, member } from './assignments.fixture.js';
import { routerFeed } from './router-feed.js';

const LONGEST_MS = 60_000;
const ALL = [member(1), member(2)];
const first: WatchUpdate = { assignments: [assignment(1, { id: 1, epoch: 1 }, ALL)], stats: [] };
const second: WatchUpdate = {
  assignments: [assignment(2, { id: 2, epoch: 2 }, [member(1, away), member(2)])],
  stats: [],
};

function watched() {
  // The routers are asked again and again.
  const scheduler = new VirtualTimeScheduler(undefined, LONGEST_MS);
  const clocks = { wallMs: () => scheduler.now(), monoMs: () => scheduler.now(), scheduler };
  const router$ = new Subject<WatchUpdate>();
  let watches = 0;
  const feed = routerFeed(
    {
      watch: () => {
        watches += 1;
        return router$;
      },
      routers: () => Promise.resolve(undefined),
      status: () =>
        Promise.reject(new DualpingError('router-unreachable', 'router 127.0.0.1:1: connect ECONNREFUSED')),
    },
    'a test',
    clocks,
  );
  const seen: string[] = [];
  const errors: unknown[] = [];
  const error = (reason: unknown): void => {
    errors.push(reason);
  };
  const subscriptions = [
    feed.events$.subscribe({ next: ({ kind, text }) => seen.push(`${kind}: ${text}`), error }),
    feed.takeovers$.subscribe({ next: ({ from, to }) => seen.push(`takeover s${from} s${to}`), error }),
    feed.updates$.subscribe({
      next: ({ assignments }) => seen.push(`update of ${assignments.length}`),
      error,
    }),
  ];
  const stop = (): void => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
  return { scheduler, feed, router$, seen, errors, stop, watches: () => watches };
}

test('one watch feeds updates, events and takeovers', () => {
  const { feed, router$, seen, stop, watches } = watched();
  router$.next(first);
  router$.next(second);
  stop();
  assert.equal(watches(), 1);
  assert.equal(router$.observed, false, 'nobody watches any more');
  assert.equal(feed.controls, undefined);
  assert.deepEqual(seen.toSorted(), [
    'down: s1 dropped: the router no longer hears it',
    'promoted: s2 promoted, epoch 2',
    'said: 2 of 2 servers are live, primary s1, epoch 1',
    'takeover s1 s2',
    'up: a router answers',
    'update of 1',
    'update of 1',
  ]);
});

test('a router that falls silent is reported once, and its return once', () => {
  const { scheduler, router$, seen } = watched();
  for (const atMs of [3_000, 4_000, 5_000, 6_000]) scheduler.schedule(() => router$.next(first), atMs);
  scheduler.flush();
  assert.deepEqual(
    seen.filter((line) => line.includes('router answers')),
    ['up: a router answers', 'down: no router answers: what is shown is from before'],
  );
});

test('a router that never answered is reported with its address and the cause', async () => {
  const { scheduler, seen } = watched();
  scheduler.flush();
  await new Promise(setImmediate);
  assert.deepEqual(seen, ['down: no router answers: router 127.0.0.1:1: connect ECONNREFUSED']);
});

test('an error of the watch reaches all subscribers', () => {
  const { router$, errors } = watched();
  router$.error(new DualpingError('not-a-router', '127.0.0.1:1 is none'));
  assert.equal(errors.length, 3);
});
