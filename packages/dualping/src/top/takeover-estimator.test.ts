import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberFigures } from '@dualping/client';
import { serverId } from '@dualping/core';
import type { Takeover } from '@dualping/terminal';
import { TakeoverEstimator } from './takeover-estimator.js';

interface Told {
  readonly ageMs?: number;
  readonly clients?: number;
  readonly posts?: number;
}

const of = (id: number, { ageMs = 50, clients = 0, posts = 0 }: Told = {}): MemberFigures => ({
  cluster: 1,
  serverId: serverId(id),
  ageMs,
  stats: {
    durable: 0 as MemberFigures['stats']['durable'],
    committed: 0 as MemberFigures['stats']['committed'],
    lastEpoch: 0 as MemberFigures['stats']['lastEpoch'],
    checksum: 0,
    timelines: clients,
    postsAccepted: posts,
    slowSyncs: 0,
    longestSyncMs: 0,
  },
});

/** A router that sends stats each second, up to now. */
class Watching {
  readonly estimator = new TakeoverEstimator();
  readonly seen: Takeover[] = [];
  #monoMs = 10_000;

  told(afterMs: number, ...stats: readonly MemberFigures[]): this {
    this.#monoMs += afterMs;
    this.seen.push(...this.estimator.stats({ wallMs: 0, monoMs: this.#monoMs }, stats));
    return this;
  }

  promoted(afterMs: number, facts: { readonly fault?: 'handover'; readonly promoteMs?: number } = {}): this {
    this.#monoMs += afterMs;
    const { fault = 'unknown', promoteMs = 0 } = facts;
    const promotion = { cluster: 1, fault, from: 1, to: 2, epoch: 5, promoteMs } as const;
    this.seen.push(...this.estimator.promoted({ wallMs: 7, monoMs: this.#monoMs }, promotion));
    return this;
  }

  get parts(): Takeover['parts'] | undefined {
    return this.seen.at(-1)?.parts;
  }
}

const calm = (): Watching =>
  new Watching()
    .told(0, of(1, { clients: 9, posts: 100 }), of(2))
    .told(1_000, of(1, { clients: 9, posts: 140, ageMs: 30 }), of(2));

test('from the last sign of life to clients and posts on the new primary', () => {
  const watching = calm().promoted(600);
  assert.deepEqual(watching.seen, [], 'clients and posts are waited for');
  watching
    .told(400, of(2, { ageMs: 90, clients: 9 }))
    .told(1_000, of(2, { ageMs: 40, clients: 9, posts: 3 }));
  assert.deepEqual(watching.seen, [
    {
      number: 1,
      cluster: 1,
      atMs: 7,
      fault: 'unknown',
      from: 1,
      to: 2,
      epoch: 5,
      parts: { detectMs: 630, promoteMs: 0, reconnectMs: 310, firstPostMs: 1_050 },
      totalMs: 1_990,
      clients: undefined,
      grainMs: 1_100,
    },
  ]);
});

test('the time while the router was away is an outage, whatever age it reports afterwards', () => {
  const watching = calm();
  // The router's clock stood still too.
  watching.told(9_500, of(1, { clients: 9, posts: 140, ageMs: 80 }), of(2, { ageMs: 80 })).promoted(70);
  watching.told(900, of(2, { clients: 9, posts: 5 }));
  assert.deepEqual(watching.parts, { detectMs: 9_600, promoteMs: 0, reconnectMs: 850, firstPostMs: 0 });
  assert.equal(watching.seen[0]?.totalMs, 10_450);
});

test('stats count from the second message after the router came back', () => {
  const watching = calm()
    .told(9_500, of(1))
    .told(1_000, of(1, { ageMs: 20 }))
    .promoted(500);
  assert.equal(watching.parts?.detectMs, 520);
});

test('while no server was available the time to the promotion does not count as detection', () => {
  const watching = calm().promoted(1_000, { promoteMs: 750 });
  watching.told(500, of(2, { clients: 9, posts: 1 }));
  assert.equal(watching.parts?.detectMs, 280);
  assert.equal(watching.parts?.promoteMs, 750);
});

test('without earlier clients and posts none are awaited', () => {
  const watching = new Watching().told(0, of(1), of(2)).told(1_000, of(1), of(2)).promoted(40);
  assert.deepEqual(watching.parts, {
    detectMs: 90,
    promoteMs: 0,
    reconnectMs: undefined,
    firstPostMs: undefined,
  });
});

test('for a server without any sign of life only the promotion is known', () => {
  const { parts, seen } = new Watching().promoted(0, { promoteMs: 12 });
  assert.deepEqual([parts?.detectMs, parts?.promoteMs, seen[0]?.totalMs], [undefined, 12, 12]);
});

test('a handover has nothing to detect, and its clients are awaited', () => {
  const watching = calm()
    .promoted(100, { fault: 'handover' })
    .told(500, of(2, { clients: 9, posts: 1 }));
  assert.deepEqual(watching.parts, {
    detectMs: undefined,
    promoteMs: 0,
    reconnectMs: 450,
    firstPostMs: 0,
  });
});

test('a ping from before the promotion says nothing about the new epoch', () => {
  const watching = calm()
    .promoted(10)
    .told(50, of(2, { ageMs: 70, clients: 3, posts: 1 }));
  assert.deepEqual(watching.seen, []);
});

test('clients that never come are not awaited for ever', () => {
  const watching = calm().promoted(600);
  for (let second = 0; second < 10; second += 1) watching.told(1_000, of(2));
  assert.deepEqual(watching.parts, {
    detectMs: 630,
    promoteMs: 0,
    reconnectMs: undefined,
    firstPostMs: undefined,
  });
});

test('a takeover that is overtaken by the next is reported as far as it was seen', () => {
  const watching = calm().promoted(600).promoted(300);
  assert.deepEqual(
    watching.seen.map(({ number, parts }) => [number, parts.reconnectMs]),
    [[1, undefined]],
  );
});

test('posts on the successor are counted from its own counter, which restarts with its process', () => {
  const watching = new Watching()
    .told(0, of(1, { clients: 1, posts: 10 }), of(2, { posts: 500 }))
    .told(1_000, of(1, { clients: 1, posts: 20 }), of(2, { posts: 500 }))
    .promoted(100)
    .told(900, of(2, { clients: 1, posts: 0 }));
  assert.deepEqual(watching.seen, []);
  watching.told(1_000, of(2, { clients: 1, posts: 2 }));
  assert.deepEqual([watching.parts?.reconnectMs, watching.parts?.firstPostMs], [850, 1_000]);
});
