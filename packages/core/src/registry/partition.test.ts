/** Partial partitions, as transcripts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Play } from './play.fixture.js';

/** Lines at the margin happen; indented ones are what the registry must do about it, no more and no less. */
function play(title: string, script: string): void {
  test(title, () => assert.equal(new Play().perform(script), script));
}

play(
  'most of the in-sync members cannot reach the primary: one of them takes over',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
40 ms pass
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
30 ms pass
s3 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s1 asks to add s3
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2, s3
1000 ms pass
s2 can't reach s1
s3 can't reach s1
s1 can't reach s2 s3
s1 pings
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 3)
s2 pings
s3 pings
  s2 hears: epoch 2, s2, in sync s2 s3, live s1 s2 s3
  s1 hears: epoch 2, s2, in sync s2 s3, live s1 s2 s3 (request 3)
  s3 hears: epoch 2, s2, in sync s2 s3, live s1 s2 s3
  * cluster 1: s1, primary of epoch 1, is cut off: most of the in-sync members can't reach it
  * cluster 1: s2 is primary of epoch 2, in place of s1, which others can't reach
  * cluster 1: the in-sync set of epoch 2 is s2, s3
`,
);

play(
  'pings that are late on a busy machine do not decide who is cut off',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
40 ms pass
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
30 ms pass
s3 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s1 asks to add s3
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2, s3
1000 ms pass
s2 freezes
s3 freezes
s1 can't reach s2 s3
250 ms pass
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 3)
s2 thaws
s3 thaws
s2 can't reach s1
s3 can't reach s1
200 ms pass
  s2 hears: epoch 2, s2, in sync s2 s3, live s1 s2 s3
  s1 hears: epoch 2, s2, in sync s2 s3, live s1 s2 s3 (request 3)
  s3 hears: epoch 2, s2, in sync s2 s3, live s1 s2 s3
  * cluster 1: s1, primary of epoch 1, is cut off: most of the in-sync members can't reach it
  * cluster 1: s2 is primary of epoch 2, in place of s1, which others can't reach
  * cluster 1: the in-sync set of epoch 2 is s2, s3
`,
);

play(
  'the primary is with most: the standby is removed',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
40 ms pass
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
30 ms pass
s3 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s1 asks to add s3
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2, s3
1000 ms pass
s2 can't reach s1 s3
s1 can't reach s2
s1 pings
s2 pings
s3 pings
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3 (request 3)
  s2 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s3
`,
);

play(
  'nobody is with most: the primary stays, and its request is granted after a while',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
40 ms pass
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
30 ms pass
s3 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s1 asks to add s3
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2, s3
1000 ms pass
s2 can't reach s1 s3
s3 can't reach s1 s2
s1 can't reach s2 s3
100 ms pass
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 3)
500 ms pass
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 4)
500 ms pass
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 5)
500 ms pass
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3 (request 6)
  s2 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s3
`,
);

play(
  'who is cut off no longer when the primary asks to add it has nothing to complain of',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
40 ms pass
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
30 ms pass
s3 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s1 asks to add s3
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2, s3
1000 ms pass
s2 can't reach s1 s3
s1 can't reach s2
100 ms pass
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3 (request 3)
  s2 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s3
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s3 s2, live s1 s2 s3 (request 4)
  s2 hears: epoch 1, s1, in sync s1 s3 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s3 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s3, s2
s3 can't reach s1
s3 pings
`,
);

play(
  'with two members the primary stays',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s2 can't reach s1
s1 can't reach s2
200 ms pass
operator A promotes s2
  s2 hears: epoch 2, s2, in sync s1 s2, live s1 s2
  s1 hears: epoch 2, s2, in sync s1 s2, live s1 s2 (request 1)
  operator A hears: epoch 2, s2, in sync s1 s2, live s1 s2
  * cluster 1: s2 is primary of epoch 2, promoted by an operator; it has everything, nothing is lost
`,
);
