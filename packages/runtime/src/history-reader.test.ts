import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type Answers,
  DualpingError,
  type LinkId,
  type Position,
  type Post,
  type PostReference,
  position,
  type ReplicaInput,
} from '@dualping/core';
import { type HistoryPorts, HistoryReader, MAX_PAGES_WAITING } from './history-reader.js';
import type { StoredPosts, TimelineSink } from './timeline-sink.js';
import { PROCESS_TURNS } from './turns.js';

/** Enough turns of the event loop for everything that can happen. */
const MANY_TURNS = 200;
const wanted = (last: number, first = 1): StoredPosts => ({
  positions: through(last, first),
  unfollowed: [],
});
const through = (last: number, first = 1): Position[] =>
  Array.from({ length: last - first + 1 }, (_, i) => position(first + i));
const postAt = (at: Position): Post => ({
  ...{ position: at, author: 'ann', text: 'x', timeMs: 0 },
  ...answersOf(at),
});

/** The post there answers the one before it; the next one answers a post of an unknown cluster. */
const ANSWERING = 7;
const ANSWERING_ELSEWHERE = 9;
const answersOf = (at: Position): { readonly answers?: Answers } => {
  const answers = { position: position(at - 1), author: 'ann' };
  if (at === ANSWERING) return { answers };
  return at === ANSWERING_ELSEWHERE ? { answers: { ...answers, home: 2 } } : {};
};

/** Posts of this cluster are at their positions, posts of other clusters are not here. */
const locate = ({ home, position: at }: PostReference): Position | undefined =>
  home === undefined ? at : undefined;

/** The journal is read in turns of the event loop, as fast as they come. */
const portsOf = (
  readPosts: HistoryPorts['journal']['readPosts'],
  feed: (input: ReplicaInput) => void,
): HistoryPorts => ({
  journal: { readPosts },
  clock: {
    now: () => 0,
    setTimer: (_at, fire) => {
      const timer = setImmediate(fire);
      return () => clearImmediate(timer);
    },
  },
  turns: PROCESS_TURNS,
  locate,
  feed,
  run: (work) => work(),
});

function stage() {
  const fed: ReplicaInput[] = [];
  /** What was sent, in order: `link: first-last`. */
  const sent: string[] = [];
  /** For each timeline the function to call when its last piece has left. */
  const leaving = new Map<LinkId, () => void>();
  const history = new HistoryReader(
    portsOf(
      (positions) => positions.map(postAt),
      (input) => fed.push(input),
    ),
  );
  const add = (link: LinkId, peer: string): void => {
    const sink: Pick<TimelineSink, 'read' | 'page' | 'answered'> = {
      answered: ({ of, post }, written) => {
        sent.push(`${link}: ${of} answers ${post?.position ?? 'nothing'}`);
        leaving.set(link, written);
      },
      read: ({ positions }, written) => {
        sent.push(`${link}: ${positions[0]}-${positions.at(-1)}`);
        leaving.set(link, written);
      },
      page: ({ positions }, written) => {
        sent.push(`${link}: page of ${positions.length}`);
        leaving.set(link, written);
      },
    };
    history.add(link, peer, sink as TimelineSink);
  };
  const leave = (link: LinkId): void => {
    const written = leaving.get(link);
    leaving.delete(link);
    assert.ok(written !== undefined, `nothing of ${link} is on its way`);
    written();
  };
  const readOut = (): LinkId[] =>
    fed.flatMap((input) => (input.kind === 'timeline-read-out' ? [input.timeline] : []));
  const turns = async (): Promise<void> => {
    for (let i = 0; i < MANY_TURNS; i += 1) await turn();
  };
  return { history, add, leave, sent, leaving, readOut, turns, fed };
}

test('without contention a read is done at once, and the next follows when it was sent', () => {
  const { history, add, leave, sent, readOut } = stage();
  add(1, 'a');
  history.read(1, wanted(20));
  assert.deepEqual(sent, ['1: 1-20']);
  assert.equal(history.reads(1), true);
  assert.deepEqual(readOut(), []);
  leave(1);
  assert.deepEqual(readOut(), [1]);
  assert.equal(history.reads(1), false);
});

test('a long read is split into pieces, in order, and others take turns in between', async () => {
  const { history, add, leave, sent, readOut } = stage();
  add(1, 'a');
  add(2, 'b');
  history.read(1, wanted(120));
  history.read(2, wanted(20));
  assert.deepEqual(sent, ['1: 1-50'], 'as much as a turn may');
  await turn();
  assert.deepEqual(sent, ['1: 1-50', '2: 1-20']);
  for (let i = 0; i < 3; i += 1) {
    leave(1);
    await turn();
  }
  assert.deepEqual(sent, ['1: 1-50', '2: 1-20', '1: 51-100', '1: 101-120']);
  assert.deepEqual(readOut(), [1]);
});

test('a connection with thousands of timelines delays only itself', async () => {
  const { history, add, leave, sent, leaving, turns } = stage();
  const crowd = Array.from({ length: 1_000 }, (_, i) => i + 1);
  for (const link of crowd) {
    add(link, 'a');
    history.read(link, wanted(50));
  }
  add(5_000, 'b');
  history.read(5_000, wanted(20));
  await turn();
  await turn();
  assert.ok(sent.includes('5000: 1-20'), `${sent}`);
  await turns();
  const held = [...leaving.keys()].filter((link) => link !== 5_000);
  assert.equal(held.length, 4, 'so many are on their way, and no more before one has left');
  for (let left = crowd.length; left > 0; left -= 1) {
    const [next] = [...leaving.keys()].filter((link) => link !== 5_000);
    assert.ok(next !== undefined, `${left} are left`);
    leave(next);
    await turn();
  }
  assert.equal(sent.length, crowd.length + 1);
});

test('a timeline that is never read delays no other of its connection, and nothing is read for a closed one', async () => {
  const { history, add, leave, sent, turns } = stage();
  for (const link of [1, 2, 3, 4, 5, 6]) add(link, 'a');
  for (const link of [1, 2, 3]) history.read(link, wanted(10)); // these are never read by their clients
  for (const link of [4, 5, 6]) history.read(link, wanted(10));
  await turns();
  leave(4);
  await turns();
  assert.deepEqual(sent.slice(4), ['5: 1-10']);
  history.forget(6);
  history.forget(5);
  await turns();
  assert.equal(sent.length, 5, '6 was gone before its turn');
  history.forget(1);
  history.read(4, wanted(20, 11));
  await turns();
  assert.equal(sent.at(-1), '4: 11-20');
});

test('pages have their own limit, and take turns with reads', async () => {
  const { history, add, leave, sent, readOut, turns } = stage();
  add(1, 'a');
  const page = { before: position(300), ...wanted(200), oldest: false };
  for (let i = 0; i < MAX_PAGES_WAITING; i += 1) assert.equal(history.page(1, page), true);
  assert.equal(history.page(1, page), false);
  history.read(1, wanted(320, 301));
  for (let i = 0; i <= MAX_PAGES_WAITING; i += 1) {
    await turns();
    assert.equal(sent.length, i + 1, 'one at a time');
    leave(1);
  }
  assert.deepEqual(sent.at(-1), '1: 301-320');
  assert.deepEqual(readOut(), [1], 'a page is no drain of what is read');
});

/** A timeline whose posts can't be read. */
const failing = (error: Error): TimelineSink => {
  const sink: Pick<TimelineSink, 'read'> = {
    read: () => {
      throw error;
    },
  };
  return sink as TimelineSink;
};

test('a journal that can not be read is reported', () => {
  const fed: ReplicaInput[] = [];
  const history = new HistoryReader(
    portsOf(
      () => [],
      (input) => fed.push(input),
    ),
  );
  history.add(1, 'a', failing(new DualpingError('storage-failed', 'EIO')));
  history.read(1, wanted(1));
  assert.deepEqual(fed, [{ kind: 'journal-failed', detail: 'EIO' }]);
});

test('every other error is a bug of ours, and thrown', () => {
  const history = new HistoryReader(
    portsOf(
      () => [undefined],
      () => assert.fail('fed'),
    ),
  );
  history.add(1, 'a', failing(new TypeError('not a function')));
  assert.throws(() => history.read(1, wanted(1)), /not a function/);
  const ask = (): boolean => history.answered(1, { of: position(1), isShown: true });
  history.forget(1);
  history.add(1, 'a', {} as TimelineSink);
  assert.throws(ask, /entry 1 is no post/);
});

test('an answered post is read in its turn, and nothing is sent about one that the reader may not see', async () => {
  const { history, add, leave, sent, turns } = stage();
  add(1, 'a');
  const ask = (of: number, isShown = true): boolean => history.answered(1, { of: position(of), isShown });
  assert.equal(ask(ANSWERING), true);
  assert.deepEqual(sent, [`1: ${ANSWERING} answers ${ANSWERING - 1}`]);
  assert.equal(ask(ANSWERING, false), true);
  assert.equal(ask(3), true);
  assert.equal(ask(ANSWERING_ELSEWHERE), true);
  assert.equal(ask(4), false, 'so many wait already');
  for (let i = 0; i < 4; i += 1) {
    leave(1);
    await turns();
  }
  assert.deepEqual(sent.slice(1), [
    `1: ${ANSWERING} answers nothing`,
    '1: 3 answers nothing',
    `1: ${ANSWERING_ELSEWHERE} answers nothing`,
  ]);
});
