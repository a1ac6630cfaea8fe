/** Dial-back, as transcripts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Play } from './play.fixture.js';

/** Lines at the margin happen; indented ones are what the registry must do about it, no more and no less. */
function play(title: string, script: string): void {
  test(title, () => assert.equal(new Play({ dialsBack: true }).perform(script), script));
}

play(
  'dial-back: a member is promoted once it was reached; whoever cannot be is shown and asked again',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  the router asks host1:7000 for dualping.v1.Member/1/1/j1/1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 0, (nobody), in sync nobody, live s1
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 can't be dialled
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  the router asks host2:7000 for dualping.v1.Member/1/2/j2/1
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 hears: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 can't be reached at host2:7000 (connection refused), and is not promoted until it is: is its --advertise right?
s3 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  the router asks host3:7000 for dualping.v1.Member/1/3/j3/1
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1, live s1 s2 s3
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
  the router asks host2:7000 for dualping.v1.Member/1/2/j2/1
  the router asks host2:7000 for dualping.v1.Member/1/2/j2/1
operator A wants a handover
  s1 is asked to hand over epoch 1
  * cluster 1: the primary of epoch 1 is asked to hand over
s1's stream ends
  s3 hears: epoch 2, s3, in sync s2 s3, live s2 s3
  s2 hears: epoch 2, s3, in sync s2 s3, live s2 s3
  operator A hears: epoch 2, s3, in sync s2 s3, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s3 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2, s3
s3 asks to add s2
  s3 hears: epoch 2, s3, in sync s2 s3, live s2 s3 (request 1)
operator C wants a handover
  operator C is refused handover-impossible: nobody can take over from s3: s2 can't be reached at host2:7000 (connection refused): restart it with the right --advertise, or the router with --no-dial-back if others reach it
operator C promotes s2
  operator C is refused invalid-argument: cluster 1 is available, s3 is primary of epoch 2: nobody can take over from s3: s2 can't be reached at host2:7000 (connection refused): restart it with the right --advertise, or the router with --no-dial-back if others reach it
operator C promotes s3
  operator C is refused invalid-argument: cluster 1 is available, s3 is primary of epoch 2 already
s3's stream ends
  s2 hears: epoch 2, (s3), in sync s2 s3, live s2
  * cluster 1: s3 (primary of epoch 2) is dropped: its stream ended
  * cluster 1: nobody is available: s3, primary of epoch 2, is gone (its stream ended); s2 can't be reached at host2:7000 (connection refused): restart it with the right --advertise, or "dualping admin promote 2 --unclean" takes it as it is
operator B wants a handover
  operator B is refused handover-impossible: cluster 1 has no primary now: s3, primary of epoch 2, is gone (its stream ended); s2 can't be reached at host2:7000 (connection refused): restart it with the right --advertise, or "dualping admin promote 2 --unclean" takes it as it is
s2 can be dialled
5000 ms pass
  the router asks host2:7000 for dualping.v1.Member/1/2/j2/1
  s2 hears: epoch 3, s2, in sync s2, live s2
  * cluster 1: s2 is reached at host2:7000 now, and may be promoted
  * cluster 1: s2 is primary of epoch 3, 750 ms after s3 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 3 is s2
`,
);

play(
  'dial-back: the first server of a cluster is no primary while nobody else would find it',
  `
s1 can't be dialled
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  the router asks host1:7000 for dualping.v1.Member/1/1/j1/1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 can't be reached at host1:7000 (connection refused), and is not promoted until it is: is its --advertise right?
  s1 hears: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: nobody is available: there is no primary yet: s1 can't be reached at host1:7000 (connection refused): restart it with the right --advertise, or "dualping admin promote 1 --unclean" takes it as it is
client A asks for cluster 1
  client A is refused no-available-server: cluster 1: there is no primary yet: s1 can't be reached at host1:7000 (connection refused): restart it with the right --advertise, or "dualping admin promote 1 --unclean" takes it as it is
100 ms pass
s1's stream ends
  * cluster 1: s1 (standby) is dropped: its stream ended
  * cluster 1: nobody is available: no server of cluster 1 has attached yet
s1 can be dialled
s1 attaches, incarnation 2
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  the router asks host1:7000 for dualping.v1.Member/1/1/j1/2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  s1 hears: epoch 0, (nobody), in sync nobody, live s1
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
`,
);

play(
  'dial-back: a serving primary is not replaced because the router cannot dial it; the operator overrules',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  the router asks host1:7000 for dualping.v1.Member/1/1/j1/1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 0, (nobody), in sync nobody, live s1
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  the router asks host2:7000 for dualping.v1.Member/1/2/j2/1
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 hears: epoch 1, s1, in sync s1, live s1 s2
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s1 can't be dialled
s2 can't be dialled
the router restarts
s1 attaches
  s1 is welcomed: epoch 1, s1, in sync s1 s2, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
s2's stream ends
s2 attaches, incarnation 2
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  the router asks host2:7000 for dualping.v1.Member/1/2/j2/2
  * cluster 1: s2 is attached, incarnation 2, at host2:7000
  * cluster 1: s2 (standby) is dropped: incarnation 2 of it has come
  * cluster 1: the in-sync set of epoch 1 is s1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 hears: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 can't be reached at host2:7000 (connection refused), and is not promoted until it is: is its --advertise right?
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
operator A promotes s2
  s2 hears: epoch 2, s2, in sync s2, live s2
  operator A hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s2 is primary of epoch 2, promoted unclean by an operator
  * cluster 1: s2 was promoted UNCLEAN. s2: epoch 0, 0 entries, 0 of them known as committed; s1 (gone, as it was heard last): epoch 0, 0 entries, 0 of them known as committed: nothing that s2 lacks
  * cluster 1: the in-sync set of epoch 2 is s2
`,
);
