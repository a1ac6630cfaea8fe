import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timing } from '../timing.js';
import { Play } from './play.fixture.js';

/** Lines at the margin happen; indented ones are what the registry must do about it, no more and no less. */
function play(
  title: string,
  script: string,
  options: { readonly clusters?: number; readonly timing?: Partial<Timing> } = {},
): void {
  test(title, () => assert.equal(new Play(options).perform(script), script));
}

play(
  'a first server becomes primary; standbys join the in-sync set when the primary asks',
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
# Asked by someone else, in another epoch, for another life of it: answered, not granted.
s2 asks to remove s1
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
s1 asks to remove s2 in epoch 7
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 2)
s1 asks to remove s1
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 3)
s3 attaches
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 3)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s3 is welcomed: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s3 with incarnation 9
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 4)
s1 asks to remove s2
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3 (request 5)
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3 (request 1)
  s3 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1
`,
);

play(
  'a stream that ends is a failover at once, to the first in-sync member',
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
s3 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s3
  s1 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s3
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s3 s2, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s3 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s3 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s3, s2
client A asks for cluster 1, epoch 1 has failed, waits 5000 ms
s1's stream ends
  s2 hears: epoch 2, s2, in sync s3 s2, live s2 s3
  s3 hears: epoch 2, s2, in sync s3 s2, live s2 s3
  client A hears: epoch 2, s2, in sync s3 s2, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s3, s2
# Back as a new incarnation it is a standby, and not in sync before the new primary says so.
s1 attaches, incarnation 2, epoch 1
  s2 hears: epoch 2, s2, in sync s3 s2, live s1 s2 s3
  s1 is welcomed: epoch 2, s2, in sync s3 s2, live s1 s2 s3
  s3 hears: epoch 2, s2, in sync s3 s2, live s1 s2 s3
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
s2 asks to add s1
  s2 hears: epoch 2, s2, in sync s3 s2 s1, live s1 s2 s3 (request 1)
  s1 hears: epoch 2, s2, in sync s3 s2 s1, live s1 s2 s3
  s3 hears: epoch 2, s2, in sync s3 s2 s1, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 2 is s3, s2, s1
`,
);

play(
  'whoever is silent for dead-after is dropped, and may come back',
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
s1 freezes
499 ms pass
100 ms pass
  s2 hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: nothing was heard of it for 500 ms
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (nothing was heard of it for 500 ms)
  * cluster 1: the in-sync set of epoch 2 is s2
s1 thaws
s1 attaches
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
`,
);

play(
  'a router that slept does not blame its members',
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
the router sleeps 60000 ms
1000 ms pass
s2 freezes
the router sleeps 60000 ms
600 ms pass
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 (request 1)
  * cluster 1: s2 gave the router up while it was away, and may attach again
2000 ms pass
  s1 hears: epoch 1, s1, in sync s1, live s1 (request 1)
  * cluster 1: s2 (standby) is dropped: it has not attached again since the router was away
  * cluster 1: the in-sync set of epoch 1 is s1
`,
);

play(
  'of streams that were opened while the router slept the last one counts, and those that were given up blame nobody',
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
the router sleeps 60000 ms
# It hears all of it at once. The primary has died since its first attempt, the others have tried again.
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
s1 attaches, silently
  s1 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
s2's stream ends
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s3
  * cluster 1: s2 gave the router up while it was away, and may attach again
s2 attaches, silently
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s2's stream ends
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s3
  * cluster 1: s2 gave the router up while it was away, and may attach again
s2 attaches, silently
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s3's stream ends
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  * cluster 1: s3 gave the router up while it was away, and may attach again
s3 attaches, silently
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s3's stream ends
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2
  * cluster 1: s3 gave the router up while it was away, and may attach again
s3 attaches, silently
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
3000 ms pass
  s2 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  s3 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: it has not attached again since the router was away
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (it has not attached again since the router was away)
  * cluster 1: the in-sync set of epoch 2 is s2, s3
# The order in which two connections are heard is the network's.
s3 attaches, attempt 9, silently
  s2 hears: epoch 2, s2, in sync s2 s3, live s2 s3
  s3 is welcomed: epoch 2, s2, in sync s2 s3, live s2 s3
  s3 is refused superseded: incarnation 1 of s3 has come at host3:7000
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s3 attaches, attempt 8, silently
# Somebody else's count says nothing about this one.
s3 attaches, attempt 1, incarnation 2
  s3 is refused predecessor-is-live: s3 of cluster 1 is live at "host3:7000": "host3:7000", incarnation 2, has to wait for its end, or its folder is a copy
  * a server is refused (predecessor-is-live): s3 of cluster 1 is live at "host3:7000": "host3:7000", incarnation 2, has to wait for its end, or its folder is a copy
`,
);

play(
  'a router that slept so long that its members gave it up waits for them as after a restart',
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
the router sleeps 60000 ms
s2's stream ends
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 (request 1)
  * cluster 1: s2 gave the router up while it was away, and may attach again
s1's stream ends
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 and s2 to attach again
s1 attaches
  s1 is welcomed: epoch 1, s1, in sync s1 s2, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
s2 attaches
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
# And again, but this time the primary has died meanwhile: whoever is in sync takes over, not only the dead one.
the router sleeps 60000 ms
s2's stream ends
  s1 hears: epoch 1, s1, in sync s1 s2, live s1
  * cluster 1: s2 gave the router up while it was away, and may attach again
s1's stream ends
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 and s2 to attach again
s2 attaches
  s2 is welcomed: epoch 1, (s1), in sync s1 s2, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
3000 ms pass
  s2 hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: it has not attached again since the router was away
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (it has not attached again since the router was away)
  * cluster 1: the in-sync set of epoch 2 is s2
# A stream that ends later is evidence again.
s2's stream ends
  * cluster 1: s2 (primary of epoch 2) is dropped: its stream ended
  * cluster 1: nobody is available: s2, primary of epoch 2, is gone (its stream ended); only s2 can take over, and must attach first
`,
);

play(
  'the shortest timing has room for a late look too',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
the router sleeps 60000 ms
the router sleeps 145 ms
1000 ms pass
s1 freezes
200 ms pass
  * cluster 1: s1 (primary of epoch 1) is dropped: nothing was heard of it for 150 ms
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (nothing was heard of it for 150 ms); only s1 can take over, and must attach first
`,
  { timing: { pingIntervalMs: 50, deadAfterMs: 150 } },
);

play(
  'with nobody in sync left the cluster is unavailable, until the primary itself is back',
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
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
client A asks for cluster 1
  client A is refused no-available-server: cluster 1: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
client B asks for cluster 1, waits 10000 ms
# The same life again: nobody was promoted, so its epoch goes on.
s1 attaches
  s1 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  s2 hears: epoch 1, s1, in sync s1, live s1 s2
  client B hears: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, incarnation 2
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1 s2
  s2 hears: epoch 1, (s1), in sync s1, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  s1 hears: epoch 2, s1, in sync s1, live s1 s2
  s2 hears: epoch 2, s1, in sync s1, live s1 s2
  * cluster 1: s1 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
`,
);

play(
  'of those that were in sync any one that comes back will do',
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
s2 freezes
s3 freezes
250 ms pass
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); s2 is not heard now and s3 is not heard now
s2's stream ends
  s3 hears: epoch 1, (s1), in sync s1 s2 s3, live s3
  * cluster 1: s2 (standby) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); s3 is not heard now
s3's stream ends
  * cluster 1: s3 (standby) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 or s2 or s3 can take over, and must attach first
s3 attaches, incarnation 2
  s3 is welcomed: epoch 1, (s1), in sync s1 s2 s3, live s3
  * cluster 1: s3 is attached, incarnation 2, at host3:7000
  s3 hears: epoch 2, s3, in sync s3, live s3
  * cluster 1: s3 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s3
s1 attaches
  s3 hears: epoch 2, s3, in sync s3, live s1 s3
  s1 is welcomed: epoch 2, s3, in sync s3, live s1 s3
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
`,
);

play(
  'a restarted router waits for the recorded primary',
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
the router restarts
client A asks for cluster 1, waits 5000 ms
s2 attaches
  s2 is welcomed: epoch 1, (s1), in sync s1 s2, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
1000 ms pass
s1 attaches
  s1 is welcomed: epoch 1, s1, in sync s1 s2, live s1 s2
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  client A hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
3000 ms pass
`,
);

play(
  'a restarted router fails over when the primary comes back as another life',
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
the router restarts
s2 attaches
  s2 is welcomed: epoch 1, (s1), in sync s1 s2, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
s1 attaches, incarnation 2
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  * cluster 1: s1 (primary of epoch 1) is dropped: incarnation 2 of it has come
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (incarnation 2 of it has come)
  * cluster 1: the in-sync set of epoch 2 is s2
the router restarts
# Alone, it goes on from its own journal, in an epoch of its own.
s2 attaches, incarnation 2
  s2 is welcomed: epoch 2, (s2), in sync s2, live s2
  * cluster 1: s2 is attached, incarnation 2, at host2:7000
  * cluster 1: s2 (primary of epoch 2) is dropped: incarnation 2 of it has come
  * cluster 1: nobody is available: s2, primary of epoch 2, is gone (incarnation 2 of it has come); only s2 can take over, and must attach first
  s2 hears: epoch 3, s2, in sync s2, live s2
  * cluster 1: s2 is primary of epoch 3, 0 ms after s2 was dropped (incarnation 2 of it has come)
`,
);

play(
  'a restarted router gives up at the end of grace',
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
the router restarts
s3 attaches
  s3 is welcomed: epoch 1, (s1), in sync s1 s2 s3, live s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
  * cluster 1: nobody is available: the router was away and waits for s1 and s2 to attach again
1999 ms pass
1 ms pass
  s3 hears: epoch 2, s3, in sync s3, live s3
  * cluster 1: s1 (primary of epoch 1) is dropped: it has not attached again since the router was away
  * cluster 1: s2 (standby) is dropped: it has not attached again since the router was away
  * cluster 1: s3 is primary of epoch 2, 0 ms after s1 was dropped (it has not attached again since the router was away)
  * cluster 1: the in-sync set of epoch 2 is s3
the router restarts
2000 ms pass
  * cluster 1: s3 (primary of epoch 2) is dropped: it has not attached again since the router was away
  * cluster 1: nobody is available: s3, primary of epoch 2, is gone (it has not attached again since the router was away); only s3 can take over, and must attach first
s3 attaches
  s3 is welcomed: epoch 2, s3, in sync s3, live s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
  * cluster 1: s3 goes on as primary of epoch 2
`,
);

play(
  'only the first primary of a cluster is called that, also by a router that has lost nobody itself',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1 leaves
  * cluster 1: s1 (primary of epoch 1) is dropped: it is leaving
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (it is leaving); only s1 can take over, and must attach first
the router restarts
s1 attaches, incarnation 2
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  s1 hears: epoch 2, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 2, since s1 was gone when the router started
`,
);

play(
  'a wiped disk is a new copy',
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
s2's stream ends
  s1 hears: epoch 1, s1, in sync s1, live s1 (request 1)
  * cluster 1: s2 (standby) is dropped: its stream ended
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, journal j7, incarnation 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 (request 1)
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, journal j8, incarnation 1
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1 s2
  s2 hears: epoch 1, (s1), in sync s1, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first (with the journal that it had: s1 came with another)
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s1 (standby) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, journal j1, incarnation 2
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1 s2
  s2 hears: epoch 1, (s1), in sync s1, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  s1 hears: epoch 2, s1, in sync s1, live s1 s2
  s2 hears: epoch 2, s1, in sync s1, live s1 s2
  * cluster 1: s1 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
`,
);

play(
  'two servers with one id: the one that is here stays',
  `
s1 attaches, incarnation 3
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 3, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1 attaches, incarnation 1, journal j9, at elsewhere:1
  s1 is refused duplicate-server: s1 of cluster 1 is live at "host1:7000" with another journal: give "elsewhere:1" another server id
  * a server is refused (duplicate-server): s1 of cluster 1 is live at "host1:7000" with another journal: give "elsewhere:1" another server id
s1 attaches, incarnation 2, journal j1
  s1 is refused duplicate-server: s1 of cluster 1 is live at "host1:7000", incarnation 3: the folder of "elsewhere:1", incarnation 2, is a copy of its folder
  * a server is refused (duplicate-server): s1 of cluster 1 is live at "host1:7000", incarnation 3: the folder of "elsewhere:1", incarnation 2, is a copy of its folder
the router restarts
s1 attaches, incarnation 2
  s1 is refused older-copy: the folder of s1 at "elsewhere:1" is older than journal "j1" was: it is incarnation 2, incarnation 3 has been here
  * a server is refused (older-copy): the folder of s1 at "elsewhere:1" is older than journal "j1" was: it is incarnation 2, incarnation 3 has been here
s1 attaches, incarnation 3
  s1 is welcomed: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 3, at elsewhere:1
  * cluster 1: s1 goes on as primary of epoch 1
# A second stream of the same life: it has noticed the end of the first one before us.
s1 attaches, incarnation 3
  s1 is welcomed: epoch 1, s1, in sync s1, live s1
  s1 is refused superseded: incarnation 3 of s1 has come at elsewhere:1
  * cluster 1: s1 is attached, incarnation 3, at elsewhere:1
s1 attaches, incarnation 4
  s1 is refused predecessor-is-live: s1 of cluster 1 is live at "elsewhere:1": "elsewhere:1", incarnation 4, has to wait for its end, or its folder is a copy
  * a server is refused (predecessor-is-live): s1 of cluster 1 is live at "elsewhere:1": "elsewhere:1", incarnation 4, has to wait for its end, or its folder is a copy
`,
);

play(
  'strangers are refused, and told why',
  `
s1 attaches, network other
  s1 is refused wrong-network: s1 belongs to network "other", this router to "network-1"
  * a server is refused (wrong-network): s1 belongs to network "other", this router to "network-1"
s2 attaches, cluster 3
  s2 is refused unknown-cluster: there is no cluster "3": this router has clusters 1 to 2
  * a server is refused (unknown-cluster): there is no cluster "3": this router has clusters 1 to 2
s3 attaches, epoch 4
  s3 is refused router-store-too-old: s3 has seen epoch 4 of cluster 1, this router's store ends with 0: the store is older than its members
  * a server is refused (router-store-too-old): s3 has seen epoch 4 of cluster 1, this router's store ends with 0: the store is older than its members
s4 attaches
  s4 is welcomed: epoch 0, (nobody), in sync nobody, live s4
  * cluster 1: s4 is attached, incarnation 1, at host4:7000
  s4 hears: epoch 1, s4, in sync s4, live s4
  * cluster 1: s4 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s4
s5 attaches, no journal
  s5 is refused wrong-mode: cluster 1 is replicated, s5 cannot replicate
  * a server is refused (wrong-mode): cluster 1 is replicated, s5 cannot replicate
s6 attaches, no journal, cluster 2
  s6 is welcomed: epoch 1, s6, in sync nobody, live s6
  * cluster 2: s6 is attached, incarnation 1, at host6:7000
  * cluster 2: s6 is primary of epoch 1, the first
s7 attaches, cluster 2
  s7 is refused wrong-mode: cluster 2 is routed, s7 replicates
  * a server is refused (wrong-mode): cluster 2 is routed, s7 replicates
s8 connects
s8 pings
  s8 is refused invalid-argument: the first message of a stream has to be "attach", this one is "ping"
  * a server is refused (invalid-argument): the first message of a stream has to be "attach", this one is "ping"
`,
  { clusters: 2 },
);

play(
  'handover',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
operator A wants a handover
  operator A is refused handover-impossible: nobody but s1 is live and in sync
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
operator A wants a handover
  operator A is refused handover-impossible: nobody but s1 is live and in sync
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
operator A wants a handover
  s1 is asked to hand over epoch 1
  * cluster 1: the primary of epoch 1 is asked to hand over
s1 hands over
  s2 hears: epoch 2, s2, in sync s1 s2, live s1 s2
  s1 hears: epoch 2, s2, in sync s1 s2, live s1 s2 (request 1)
  operator A hears: epoch 2, s2, in sync s1 s2, live s1 s2
  * cluster 1: s2 is primary of epoch 2, handed over by s1
# A second one is late: it is in the epoch that is over.
s1 hands over epoch 1
  s1 hears: epoch 2, s2, in sync s1 s2, live s1 s2 (request 1)
s2 hands over and leaves
  s1 hears: epoch 3, s1, in sync s1, live s1 s2 (request 1)
  s2 hears: epoch 3, s1, in sync s1, live s1 s2
  * cluster 1: s1 is primary of epoch 3, handed over by s2
  * cluster 1: the in-sync set of epoch 3 is s1
s2's stream ends
  s1 hears: epoch 3, s1, in sync s1, live s1 (request 1)
  * cluster 1: s2 (standby) is dropped: its stream ended
operator B wants a handover
  operator B is refused handover-impossible: nobody but s1 is live and in sync
s1 hands over
  s1 hears: epoch 3, s1, in sync s1, live s1 (request 1)
  s1 is told that nobody can take over epoch 3
  * cluster 1: s1 can't hand over: nobody but s1 is live and in sync
# It hangs.
s2 attaches, incarnation 2
  s1 hears: epoch 3, s1, in sync s1, live s1 s2 (request 1)
  s2 is welcomed: epoch 3, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 2, at host2:7000
s1 asks to add s2
  s1 hears: epoch 3, s1, in sync s1 s2, live s1 s2 (request 2)
  s2 hears: epoch 3, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 3 is s1, s2
operator C wants a handover
  s1 is asked to hand over epoch 3
  * cluster 1: the primary of epoch 3 is asked to hand over
10000 ms pass
  operator C is refused handover-impossible: the primary has not handed over within 10000 ms: ask again, or stop s1: s2 then takes over by itself
operator D wants a handover
  s1 is asked to hand over epoch 3
  * cluster 1: the primary of epoch 3 is asked to hand over
s2's stream ends
  s1 hears: epoch 3, s1, in sync s1, live s1 (request 2)
  * cluster 1: s2 (standby) is dropped: its stream ended
  * cluster 1: the in-sync set of epoch 3 is s1
s1 hands over
  s1 hears: epoch 3, s1, in sync s1, live s1 (request 2)
  s1 is told that nobody can take over epoch 3
  operator D is refused handover-impossible: nobody but s1 is live and in sync
  * cluster 1: s1 can't hand over: nobody but s1 is live and in sync
`,
);

play(
  'a standby that leaves is not waited for',
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
s2 leaves
  s1 hears: epoch 1, s1, in sync s1, live s1 (request 1)
  * cluster 1: s2 (standby) is dropped: it is leaving
  * cluster 1: the in-sync set of epoch 1 is s1
s1 leaves
  * cluster 1: s1 (primary of epoch 1) is dropped: it is leaving
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (it is leaving); only s1 can take over, and must attach first
`,
);

play(
  'an unclean promotion is the last resort',
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
operator A promotes s2
  operator A is refused invalid-argument: cluster 1 is available, s1 is primary of epoch 1: use a handover
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
operator A promotes s3
  operator A is refused unknown-member: cluster 1 knows no s3
operator A promotes s1
  operator A is refused member-not-live: s1 is not live
operator A promotes s2
  s2 hears: epoch 2, s2, in sync s2, live s2
  operator A hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s2 is primary of epoch 2, promoted unclean by an operator
  * cluster 1: s2 was promoted UNCLEAN. s2: epoch 0, 0 entries, 0 of them known as committed; s1 (gone, as it was heard last): epoch 0, 0 entries, 0 of them known as committed: nothing that s2 lacks
  * cluster 1: the in-sync set of epoch 2 is s2
s1 attaches
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
the router restarts
s1 attaches
  s1 is welcomed: epoch 2, (s2), in sync s2, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
operator A promotes s1
  operator A is refused invalid-argument: not yet: the router was away and waits for s2 to attach again
`,
);

play(
  'waiting for a primary',
  `
client A asks for cluster 1
  client A is refused no-available-server: cluster 1: no server of cluster 1 has attached yet
client B asks for cluster 1, waits 50 ms
client C asks for cluster 2
  client C is refused unknown-cluster: there is no cluster "2": this router has cluster 1 only
client D asks for cluster 1, waits 5000 ms
client E asks for cluster 1, waits 5000 ms
client E goes away
60 ms pass
  client B is refused no-available-server: cluster 1: no server of cluster 1 has attached yet
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  client D hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
# Its own link broke, the primary is well: it is told so when the primary has pinged twice since, or when the wait is over.
client A asks for cluster 1, epoch 1 has failed, waits 5000 ms
client B asks for cluster 1, epoch 1 has failed, waits 120 ms
client C asks for cluster 1, epoch 2 has failed, waits 5000 ms
s1 pings
120 ms pass
  client A hears: epoch 1, s1, in sync s1, live s1
  client B hears: epoch 1, s1, in sync s1, live s1
4879 ms pass
1 ms pass
  client C hears: epoch 1, s1, in sync s1, live s1
`,
);

play(
  'one who has lost a primary that is silent waits for its successor, whatever the other members say',
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
client A asks for cluster 1, epoch 1 has failed, waits 5000 ms
s1 pings
s1 freezes
500 ms pass
  s2 hears: epoch 2, s2, in sync s2, live s2
  client A hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: nothing was heard of it for 500 ms
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (nothing was heard of it for 500 ms)
  * cluster 1: the in-sync set of epoch 2 is s2
`,
);

play(
  'announced servers have their place, for a while',
  `
s1 announces itself
  s1 hears: come within 2000 ms, ping every 100 ms
  * cluster 1: s1 is announced, at host1:7000
s2 attaches
  s2 is welcomed: epoch 0, (nobody), in sync nobody, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  s2 hears: epoch 1, s2, in sync s2, live s2
  * cluster 1: s2 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s2
s1 attaches
  s2 hears: epoch 1, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 1, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
s3 announces itself
  s2 hears: epoch 1, s2, in sync s2, live s1 s2
  s1 hears: epoch 1, s2, in sync s2, live s1 s2
  s3 hears: come within 2000 ms, ping every 100 ms
  * cluster 1: s3 is announced, at host3:7000
2000 ms pass
  s2 hears: epoch 1, s2, in sync s2, live s1 s2
  s1 hears: epoch 1, s2, in sync s2, live s1 s2
s1 announces itself
  s1 hears: come within 2000 ms, ping every 100 ms
s1 announces itself, journal other
  s1 is refused duplicate-server: s1 of cluster 1 is live at "host1:7000" with another journal: give "host1:7000" another server id
s1 announces itself, network other, journal j1
  s1 is refused wrong-network: s1 belongs to network "other", this router to "network-1"
`,
);

play(
  'a supervisor vouches for servers and reports crashes',
  `
a supervisor registers s1, no journal
  the supervisor hears: registered
  * cluster 1: s1 is registered by its supervisor, incarnation 1, at host1:7000
  * cluster 1: s1 is primary of epoch 1, the first
a supervisor registers s2, no journal
  the supervisor hears: registered
  * cluster 1: s2 is registered by its supervisor, incarnation 1, at host2:7000
60000 ms pass
a supervisor reports a crash of incarnation 1 of s1
  the supervisor hears: dropped
  * cluster 1: s1 (primary of epoch 1) is dropped: its supervisor reports a crash: exit 1
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its supervisor reports a crash: exit 1)
a supervisor reports a crash of incarnation 1 of s1
  the supervisor hears: nothing to drop
a supervisor registers s1, incarnation 2
  the supervisor hears: registered
  * cluster 1: s1 is registered by its supervisor, incarnation 2, at host1:7000
# Late: about a life that is over.
a supervisor reports a crash of incarnation 1 of s1
  the supervisor hears: nothing to drop
the router restarts
a supervisor reports a crash of incarnation 1 of s2
  the supervisor hears: dropped
  * cluster 1: s2 (primary of epoch 2) is dropped: its supervisor reports a crash: exit 1
  * cluster 1: s1 is primary of epoch 3, 0 ms after s2 was dropped (its supervisor reports a crash: exit 1)
a supervisor reports a crash of incarnation 1 of s9
  the supervisor is refused unknown-member: cluster 1 knows no s9
`,
);

play(
  'a crash report ends a stream',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
a supervisor registers s1
  the supervisor hears: registered
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
a supervisor reports a crash of incarnation 1 of s1
  s2 hears: epoch 2, s2, in sync s2, live s2
  the supervisor hears: dropped
  * cluster 1: s1 (primary of epoch 1) is dropped: its supervisor reports a crash: exit 1
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its supervisor reports a crash: exit 1)
  * cluster 1: the in-sync set of epoch 2 is s2
a supervisor registers s1, incarnation 2
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  the supervisor hears: registered
  * cluster 1: s1 is registered by its supervisor, incarnation 2, at host1:7000
s1 attaches
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
the router restarts
a supervisor reports a crash of incarnation 1 of s2
  the supervisor hears: dropped
  * cluster 1: s2 (primary of epoch 2) is dropped: its supervisor reports a crash: exit 1
  * cluster 1: nobody is available: s2, primary of epoch 2, is gone (its supervisor reports a crash: exit 1); only s2 can take over, and must attach first
`,
);

play(
  'a second attach on a stream ends it',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1 attaches again on its stream
  s1 is refused invalid-argument: s1 has attached on this stream already
  * a server is refused (invalid-argument): s1 has attached on this stream already
  * cluster 1: s1 (primary of epoch 1) is dropped: it attached twice on one stream
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (it attached twice on one stream); only s1 can take over, and must attach first
`,
);
