/** The counts must be true: each test makes one error, which must be counted once. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Tally } from './tally.js';

const FOLLOWS = new Map([
  ['ana', ['bo']],
  ['bo', ['ana']],
]);
const EVERYBODY = [...FOLLOWS.keys()];

let tally: Tally;
let lastPosition: number;
beforeEach(() => {
  tally = new Tally(FOLLOWS);
  lastPosition = 0;
});

interface Sent {
  readonly author: string;
  readonly number: number;
  readonly position: number;
}

function post(author: string): Sent {
  lastPosition += 1;
  return { author, number: tally.posting(author), position: lastPosition };
}

function acknowledged(author: string): Sent {
  const sent = post(author);
  tally.acknowledged(author, sent.number);
  return sent;
}

const wrongs = () => {
  const { lost, repeated, outOfOrder } = tally.counts;
  return { lost, repeated, outOfOrder, failures: tally.failures };
};
const NONE = { lost: 0, repeated: 0, outOfOrder: 0, failures: 0 };
const kinds = () => tally.findings.map(({ failing }) => failing);

/** All readers see these posts, live and when they read back. */
function seenByAll(posts: readonly Sent[]): void {
  for (const reader of EVERYBODY) {
    for (const each of posts) tally.delivered(reader, each);
    tally.readBack(reader, posts, true);
  }
}

test('when all goes well nothing is counted', () => {
  const posts = [acknowledged('ana'), acknowledged('bo'), acknowledged('ana')];
  seenByAll(posts);
  assert.ok(tally.settled);
  tally.close();
  assert.deepEqual(wrongs(), NONE);
  assert.deepEqual(tally.counts, {
    clients: 2,
    posted: 3,
    acknowledged: 3,
    delivered: 3,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
  });
  assert.deepEqual(tally.findings, []);
});

test('an acknowledged post that is skipped is lost at once, for that reader', () => {
  const [first, second] = [acknowledged('ana'), acknowledged('ana')];
  tally.delivered('bo', second);
  assert.deepEqual(wrongs(), { ...NONE, lost: 1 });
  assert.match(tally.findings[0]?.text ?? '', /ana #1 was acknowledged and not shown to bo/);
  tally.delivered('ana', first);
  tally.delivered('ana', second);
  tally.close();
  assert.deepEqual(wrongs(), { ...NONE, lost: 1 }, 'and only once');
});

test('a post that is acknowledged after it was passed over is lost', () => {
  const first = post('ana');
  tally.delivered('bo', acknowledged('ana'));
  assert.deepEqual(wrongs(), NONE, 'nobody has been promised anything yet');
  tally.acknowledged('ana', first.number);
  assert.deepEqual(wrongs(), { ...NONE, lost: 1 });
});

test('a post that never comes is in flight until the wait ends', () => {
  const only = acknowledged('ana');
  tally.delivered('ana', only);
  assert.ok(!tally.settled);
  assert.deepEqual(wrongs(), NONE);
  tally.close();
  assert.deepEqual(wrongs(), { ...NONE, lost: 1 });
});

test('an author misses its own posts too', () => {
  const only = acknowledged('ana');
  tally.delivered('bo', only);
  tally.close();
  assert.deepEqual(wrongs(), { ...NONE, lost: 1 });
  assert.match(tally.findings[0]?.text ?? '', /not shown to ana/);
});

test('a post that was seen live and is gone when the timeline is read back is lost', () => {
  const posts = [acknowledged('ana'), acknowledged('ana'), acknowledged('ana')];
  seenByAll(posts);
  tally.readBack('bo', posts.slice(0, 2), true);
  assert.deepEqual(wrongs(), { ...NONE, lost: 1 });
  tally.readBack('ana', posts.slice(1), true);
  assert.deepEqual(wrongs(), { ...NONE, lost: 2 });
});

test('of a timeline whose beginning was not read back, the rest is judged', () => {
  const posts = [acknowledged('bo'), ...Array.from({ length: 5 }, () => acknowledged('ana'))];
  seenByAll(posts);
  tally.readBack('bo', posts.slice(2), false);
  assert.deepEqual(wrongs(), NONE);
  tally.readBack('bo', [...posts.slice(2, 4), ...posts.slice(5)], false);
  assert.deepEqual(wrongs(), { ...NONE, lost: 1 });
  tally.readBack('bo', posts.slice(2, -1), false);
  assert.deepEqual(wrongs(), { ...NONE, lost: 2 });
});

test('posts may be answered in another order than they were sent', () => {
  const posts = [post('ana'), post('ana'), post('ana'), post('ana')];
  const [first, second, third, fourth] = posts.map(({ number }) => number);
  tally.acknowledged('ana', third ?? 0);
  tally.failed('ana', second ?? 0, 'may-have-happened');
  tally.acknowledged('ana', first ?? 0);
  tally.acknowledged('ana', fourth ?? 0);
  tally.close();
  assert.deepEqual(wrongs(), { ...NONE, lost: 6, failures: 1 }, 'three that neither of the two has seen');
});

test('a post that comes again is repeated, however late', () => {
  const posts = [acknowledged('ana'), acknowledged('ana')];
  seenByAll(posts);
  for (const again of posts) tally.delivered('bo', again);
  assert.deepEqual(wrongs(), { ...NONE, repeated: 2 });
  assert.equal(tally.counts.delivered, 2, 'a repetition reaches nobody');
});

test('a post that is in the timeline twice is counted as repeated, also at another position', () => {
  const first = acknowledged('ana');
  seenByAll([first]);
  tally.readBack('bo', [first, { ...first, position: 9 }], true);
  assert.deepEqual(wrongs(), { ...NONE, repeated: 1 });
});

test('two posts that change places are one out of order, and none is lost', () => {
  const [first, second] = [acknowledged('ana'), acknowledged('ana')];
  tally.delivered('bo', second);
  tally.delivered('bo', first);
  for (const each of [first, second]) tally.delivered('ana', each);
  assert.ok(tally.settled);
  tally.close();
  assert.deepEqual(wrongs(), { ...NONE, outOfOrder: 1 });
  assert.ok(kinds().includes('out of order'));
});

test('posts of two authors that change places are out of order: the timeline has one order', () => {
  const [first, second] = [acknowledged('ana'), acknowledged('bo')];
  tally.delivered('bo', second);
  tally.delivered('bo', first);
  assert.deepEqual(wrongs(), { ...NONE, outOfOrder: 1 });
});

test('a timeline that is read back in another order is out of order', () => {
  const posts = [acknowledged('ana'), acknowledged('ana')];
  seenByAll(posts);
  tally.readBack('bo', [...posts].reverse(), true);
  assert.deepEqual(wrongs(), { ...NONE, outOfOrder: 1 });
});

test('a post that was given up may be missing, and is reported', () => {
  const first = post('ana');
  tally.failed('ana', first.number, 'may-have-happened');
  seenByAll([acknowledged('ana')]);
  tally.close();
  assert.deepEqual(wrongs(), { ...NONE, failures: 1 });
  assert.deepEqual(kinds(), ['failed']);
});

test('a post that was given up may still come', () => {
  const first = post('ana');
  tally.failed('ana', first.number, 'may-have-happened');
  seenByAll([first, acknowledged('ana')]);
  tally.close();
  assert.deepEqual(wrongs(), { ...NONE, failures: 1 });
});

test('a text that no person posted, or that is not for this reader, is reported', () => {
  tally.delivered('bo', { author: 'ana', number: 1, position: 1 });
  tally.delivered('bo', { author: 'mallory', number: 1, position: 2 });
  assert.equal(tally.failures, 2);
  assert.deepEqual(kinds(), ['unknown', 'unknown']);
});

test('all failures are counted, and the first ones described', () => {
  const posts = Array.from({ length: 500 }, () => acknowledged('ana'));
  seenByAll(posts);
  for (const each of posts) tally.delivered('bo', each);
  assert.equal(tally.counts.repeated, 500);
  assert.equal(tally.findings.length, 20);
});
