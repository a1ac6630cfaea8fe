/** Who is not heard is not promoted, and a router that hears nobody suspects itself: as transcripts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Play } from './play.fixture.js';

/** Lines at the margin happen; indented ones are what the registry must do about it, no more and no less. */
function play(title: string, script: string): void {
  test(title, () => assert.equal(new Play().perform(script), script));
}

play(
  'who is not heard is not promoted; with its next word it is',
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
150 ms pass
# s1 pings on: the router hears somebody
s1 pings
100 ms pass
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); s2 is not heard now and s3 is not heard now
s3 pings
  s3 hears: epoch 2, s3, in sync s2 s3, live s2 s3
  s2 hears: epoch 2, s3, in sync s2 s3, live s2 s3
  * cluster 1: s3 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2, s3
`,
);

play(
  'a router that hears nobody drops and promotes nobody, and everybody has lost nothing when it is over',
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
s1 freezes
30 ms pass
s2 freezes
30 ms pass
s3 freezes
2000 ms pass
  the router shows: no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
  * no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
# members have given the router up, and the ends of their streams come before, between and after the new ones
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
s2 attaches
  s2 is welcomed: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s2 is refused superseded: incarnation 1 of s2 has come at host2:7000
  the router shows: no trouble
  * members are heard again: every silence starts anew
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 attaches
  s1 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
s3's stream ends
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  * cluster 1: s3 gave the router up while it was away, and may attach again
s3 attaches
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
3000 ms pass
`,
);

play(
  'one that does not come back when a cut is over is dropped after the grace',
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
s1 freezes
s2 freezes
s3 freezes
2000 ms pass
  the router shows: no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
  * no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
s2 attaches
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 is refused superseded: incarnation 1 of s2 has come at host2:7000
  the router shows: no trouble
  * members are heard again: every silence starts anew
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s3 attaches
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 is refused superseded: incarnation 1 of s3 has come at host3:7000
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
400 ms pass
client A asks for cluster 1, epoch 1 has failed, waits 5000 ms
2600 ms pass
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
  s2 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  s3 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  client A hears: epoch 2, s2, in sync s2 s3, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: it has not attached again since the router was away
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (it has not attached again since the router was away)
  * cluster 1: the in-sync set of epoch 2 is s2, s3
`,
);

play(
  'a short time without a word drops nobody and is not evidence of anything',
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
s1 freezes
s2 freezes
s3 freezes
600 ms pass
  the router shows: no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
  * no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
s2 thaws
s3 thaws
s1 thaws
1000 ms pass
  the router shows: no trouble
  * members are heard again: every silence starts anew
`,
);

play(
  'what the network held back comes in bursts, each with its end, long after the first word',
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
s1 freezes
s2 freezes
s3 freezes
4000 ms pass
  the router shows: no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
  * no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
s3 pings
  the router shows: no trouble
  * members are heard again: every silence starts anew
700 ms pass
  the router shows: no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
  * no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
s1 pings
  the router shows: no trouble
  * members are heard again: every silence starts anew
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
s2's stream ends
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s3
  * cluster 1: s2 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 and s2 to attach again
s3 pings
s3's stream ends
  * cluster 1: s3 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 and s2 and s3 to attach again
s2 attaches
  s2 is welcomed: epoch 1, (s1), in sync s1 s2 s3, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: nobody is available: the router was away and waits for s1 and s3 to attach again
300 ms pass
s1 attaches
  s1 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
s3 attaches
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
3000 ms pass
`,
);

play(
  'after a cut a stream that goes on is evidence again',
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
s1 freezes
s2 freezes
s3 freezes
1000 ms pass
  the router shows: no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
  * no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
s1 thaws
s2 thaws
s3 thaws
500 ms pass
  the router shows: no trouble
  * members are heard again: every silence starts anew
s1's stream ends
  s2 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  s3 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2, s3
`,
);

play(
  'a primary that falls silent while the others speak now and then is dropped',
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
s1 freezes
s3 freezes
s2 freezes
450 ms pass
  the router shows: no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
  * no member is heard on any stream: the router may be cut off, so it drops and promotes no member until one is heard
s2 pings
  the router shows: no trouble
  * members are heard again: every silence starts anew
250 ms pass
s2 pings
250 ms pass
s2 pings
250 ms pass
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: s3 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 and s3 to attach again
s2 pings
`,
);

play(
  'a router that loses its streams one by one promotes once, and then whom it hears',
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
50 ms pass
s1's stream ends
  s2 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  s3 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2, s3
2 ms pass
s2's stream ends
  s3 hears: epoch 2, (s2), in sync s2 s3, live s3
  * cluster 1: s2 (primary of epoch 2) is dropped: its stream ended
  * cluster 1: nobody is available: s2, primary of epoch 2, is gone (its stream ended); s3 is not heard now
2 ms pass
s3's stream ends
  * cluster 1: s3 (standby) is dropped: its stream ended
  * cluster 1: nobody is available: s2, primary of epoch 2, is gone (its stream ended); only s2 or s3 can take over, and must attach first
s2 attaches
  s2 is welcomed: epoch 2, s2, in sync s2, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: s2 goes on as primary of epoch 2
  * cluster 1: the in-sync set of epoch 2 is s2
s1 attaches
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
`,
);

play(
  'with one stream nothing tells a cut from a silence',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
1000 ms pass
s1 freezes
600 ms pass
  * cluster 1: s1 (primary of epoch 1) is dropped: nothing was heard of it for 500 ms
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (nothing was heard of it for 500 ms); only s1 can take over, and must attach first
s1 attaches
  s1 is welcomed: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
`,
);

play(
  'half of the members fall silent: these are dropped',
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
s1 freezes
s2 freezes
600 ms pass
  s3 hears: epoch 2, s3, in sync s3, live s3
  * cluster 1: s1 (primary of epoch 1) is dropped: nothing was heard of it for 500 ms
  * cluster 1: s2 (standby) is dropped: nothing was heard of it for 500 ms
  * cluster 1: s3 is primary of epoch 2, 0 ms after s1 was dropped (nothing was heard of it for 500 ms)
  * cluster 1: the in-sync set of epoch 2 is s3
`,
);
