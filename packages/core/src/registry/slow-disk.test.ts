/** The router's disk takes seconds: members neither pay for it nor are blamed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Play } from './play.fixture.js';

/** Lines at the margin happen; indented ones are what the registry must do about it, no more and no less. */
const play = (title: string, script: string): void => {
  test(title, () => assert.equal(new Play().perform(script), script));
};

const S1_AND_S2 = `
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
  * cluster 1: the in-sync set of epoch 1 is s1, s2`;

play(
  'a failover waits for one write, and members are answered meanwhile',
  `${S1_AND_S2}
the router's disk hangs
s1's stream ends
s2 pings
  s2 is answered
3000 ms pass
s2 pings
  s2 is answered
client ana asks for cluster 1, epoch 1 has failed, waits 5000 ms
the router's disk goes on
  s2 hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2
  client ana hears: epoch 2, s2, in sync s2, live s2
3000 ms pass
`,
);

play(
  'the silence of a member counts from its welcome, and while that waits it hears that the router is there',
  `${S1_AND_S2}
the router's disk hangs
s3 attaches
900 ms pass
s2 pings
  s2 is answered
2100 ms pass
  s3 hears that the router is there
  s3 hears that the router is there
  s3 hears that the router is there
s3 freezes
the router's disk goes on
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
400 ms pass
200 ms pass
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: s3 (standby) is dropped: nothing was heard of it for 500 ms
`,
);

play(
  'a stranger that pings before its welcome is answered after it',
  `${S1_AND_S2}
the router's disk hangs
s3 attaches
s3 pings
the router's disk goes on
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
  s3 is answered
`,
);

play(
  'a member without a journal is answered after a new epoch that waits, and hears meanwhile that the router is there',
  `
s1 attaches, no journal
  s1 is welcomed: epoch 1, s1, in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 is primary of epoch 1, the first
s2 attaches, no journal
  s1 hears: epoch 1, s1, in sync nobody, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync nobody, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
the router's disk hangs
# What waits is no new epoch: whoever is primary stays it.
s3 attaches, no journal
s1 pings
  s1 is answered
s1 hands over
s1 pings
  s1 hears that the router is there
the router's disk goes on
  s1 hears: epoch 1, s1, in sync nobody, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync nobody, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync nobody, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
  s2 hears: epoch 2, s2, in sync nobody, live s1 s2 s3
  s1 hears: epoch 2, s2, in sync nobody, live s1 s2 s3
  s3 hears: epoch 2, s2, in sync nobody, live s1 s2 s3
  * cluster 1: s2 is primary of epoch 2, handed over by s1
  s1 is answered
`,
);
