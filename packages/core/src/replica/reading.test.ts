/** Timelines that are read from the journal: posts committed before a read is sent come after it, once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Command,
  epoch,
  MAX_LIVE_TIMELINES_OF_USER,
  MAX_PAGE_POSTS,
  NO_POSITION,
  type Position,
  position,
  SocialState,
} from '../index.js';
import type { LinkId, ReplicaOutput } from './messages.js';
import { Timelines } from './timelines.js';

const OPEN = {
  kind: 'timeline-open',
  user: 'ann',
  epoch: epoch(1),
  resumeAfter: NO_POSITION,
  history: 20,
  posts: true,
} as const;

/** One author and her timelines, with the reads that wait to be sent. */
class ReadingBench {
  readonly social = new SocialState();
  readonly timelines = new Timelines();
  /** What each timeline was given, in order. */
  readonly given = new Map<LinkId, number[]>();
  /** Reads that are not sent yet, at most one for each timeline. */
  readonly waiting = new Map<LinkId, readonly Position[]>();
  #last = 0;

  constructor() {
    this.apply({ kind: 'register', user: 'ann' });
  }

  apply(command: Command): void {
    this.#last += 1;
    const entry = { position: position(this.#last), epoch: epoch(1), timeMs: 0, sessionId: '', requestNo: 0 };
    for (const effect of this.social.apply({ ...entry, command }))
      if (effect.kind === 'post') this.timelines.posted(effect.post, effect.named, this.social);
  }

  post(): void {
    this.apply({ kind: 'post', user: 'ann', text: 'x' });
  }

  open(timeline: LinkId, resumeAfter: number = NO_POSITION): void {
    this.given.set(timeline, []);
    this.#note(this.timelines.open({ ...OPEN, timeline, resumeAfter: position(resumeAfter) }, this.social));
  }

  flush(): void {
    this.#note(this.timelines.flush());
  }

  /** The read of a timeline, if there is one, is sent; the stream has drained. */
  drained(timeline: LinkId): void {
    this.given.get(timeline)?.push(...(this.waiting.get(timeline) ?? []));
    this.waiting.delete(timeline);
    this.#note(this.timelines.readOut(timeline, this.social));
  }

  full(timeline: LinkId): void {
    this.timelines.full(timeline);
  }

  /** Something else had filled the stream, and has left. */
  hasRoom(timeline: LinkId): void {
    this.#note(this.timelines.writable(timeline, this.social));
  }

  get last(): number {
    return this.#last;
  }

  #note(outputs: readonly ReplicaOutput[]): void {
    for (const output of outputs)
      if (output.kind === 'timeline-read') {
        assert.ok(!this.waiting.has(output.timeline), 'a read while another is not out');
        assert.ok(output.positions.length > 0 && output.positions.length <= MAX_PAGE_POSTS);
        this.waiting.set(output.timeline, output.positions);
      } else if (output.kind === 'timeline-posts') {
        assert.ok(!this.waiting.has(output.timeline), 'a post overtakes a read');
        this.given.get(output.timeline)?.push(...output.posts.map((post) => post.position));
      }
  }
}

test('posts committed while past posts are read come after them', () => {
  const bench = new ReadingBench();
  bench.post();
  bench.open(1);
  bench.post();
  bench.flush();
  assert.deepEqual(bench.given.get(1), []);
  bench.drained(1);
  bench.post();
  bench.flush();
  assert.deepEqual(bench.given.get(1), [2]);
  bench.drained(1);
  assert.deepEqual(bench.given.get(1), [2, 3]);
  bench.drained(1);
  assert.deepEqual(bench.given.get(1), [2, 3, 4]);
  bench.post(); // the last read is sent, nothing is left
  bench.flush();
  assert.deepEqual(bench.given.get(1), [2, 3, 4, 5]);
});

test('room on the stream is not the end of a read: later posts wait for that', () => {
  const bench = new ReadingBench();
  bench.post();
  bench.open(1);
  bench.drained(1);
  bench.full(1);
  bench.post();
  bench.hasRoom(1);
  bench.hasRoom(1);
  bench.post();
  bench.flush();
  assert.deepEqual(bench.given.get(1), [2]);
  bench.drained(1);
  bench.drained(1);
  assert.deepEqual(bench.given.get(1), [2, 3, 4]);
});

test('posts committed while a resumed timeline reads come after its posts', () => {
  const bench = new ReadingBench();
  for (let i = 0; i < MAX_PAGE_POSTS + 1; i += 1) bench.post();
  bench.open(1, 2);
  bench.post();
  bench.flush();
  assert.equal(bench.given.get(1)?.length, 0);
  for (let i = 0; i < 3; i += 1) bench.drained(1);
  assert.equal(bench.given.get(1)?.length, MAX_PAGE_POSTS + 1);
});

test("of a user's many timelines the first get posts at once, the others in turns", () => {
  const bench = new ReadingBench();
  const links = Array.from({ length: MAX_LIVE_TIMELINES_OF_USER + 2 }, (_, i) => i + 1);
  for (const link of links) bench.open(link);
  bench.post();
  bench.post();
  bench.flush();
  const crowd = links.slice(MAX_LIVE_TIMELINES_OF_USER);
  assert.deepEqual([...bench.waiting.keys()], crowd);
  bench.post();
  bench.flush();
  for (const link of links.slice(0, MAX_LIVE_TIMELINES_OF_USER))
    assert.deepEqual(bench.given.get(link), [2, 3, 4]);
  for (const link of crowd) {
    bench.drained(link);
    assert.deepEqual(bench.given.get(link), [2, 3]);
    bench.drained(link);
    assert.deepEqual(bench.given.get(link), [2, 3, 4]);
    bench.drained(link);
  }
});

test('however late reads are sent, every timeline gets every post once and in order', () => {
  const LINKS = MAX_LIVE_TIMELINES_OF_USER + 4;
  const link = fc.integer({ min: 1, max: LINKS });
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 150 }).map((times) => ['post', times] as const) },
    { weight: 4, arbitrary: fc.constant(['flush', 0] as const) },
    { weight: 6, arbitrary: link.map((at) => ['open', at] as const) },
    { weight: 6, arbitrary: link.map((at) => ['drained', at] as const) },
    { weight: 2, arbitrary: link.map((at) => ['full', at] as const) },
    { weight: 2, arbitrary: link.map((at) => ['room', at] as const) },
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80, size: 'max' }), (events) => {
      const bench = new ReadingBench();
      bench.post();
      for (const [kind, number] of events)
        if (kind === 'post') for (let i = 0; i < number; i += 1) bench.post();
        else if (kind === 'flush') bench.flush();
        else if (kind === 'drained') bench.drained(number);
        else if (kind === 'room') bench.hasRoom(number);
        else if (kind === 'open') {
          if (!bench.given.has(number)) bench.open(number, 1);
        }
        // A stream is found full only when something is sent on it: never while a read waits.
        else if (!bench.waiting.has(number)) bench.full(number);
      bench.flush();
      for (const at of bench.given.keys()) {
        do bench.drained(at);
        while (bench.waiting.has(at));
        const all = Array.from({ length: bench.last - 1 }, (_, i) => i + 2);
        assert.deepEqual(bench.given.get(at), all, `timeline ${at}`);
      }
    }),
  );
});
