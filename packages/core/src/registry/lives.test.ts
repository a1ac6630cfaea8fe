/** Folders that were copied, restored or reverted, stores that were; and who is believed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Play } from './play.fixture.js';

function play(title: string, script: string): void {
  test(title, () => assert.equal(new Play().perform(script), script));
}

play(
  'a folder that was put back from a copy has nothing to say about the journal that it was copied from',
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
s1's stream ends
  s2 hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2
s1 attaches, incarnation 2
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
s2 asks to add s1
  s2 hears: epoch 2, s2, in sync s2 s1, live s1 s2 (request 1)
  s1 hears: epoch 2, s2, in sync s2 s1, live s1 s2
  * cluster 1: the in-sync set of epoch 2 is s2, s1
# Everything stops in order; then the folder of s1 is put back as it was in its first life, and started twice.
s2 leaves
  s1 hears: epoch 3, s1, in sync s1, live s1
  * cluster 1: s2 (primary of epoch 2) is dropped: it is leaving
  * cluster 1: s1 is primary of epoch 3, 0 ms after s2 was dropped (it is leaving)
  * cluster 1: the in-sync set of epoch 3 is s1
s1 leaves
  * cluster 1: s1 (primary of epoch 3) is dropped: it is leaving
  * cluster 1: nobody is available: s1, primary of epoch 3, is gone (it is leaving); only s1 can take over, and must attach first
s1 attaches, incarnation 3, welcomed j1/1
  s1 is refused older-copy: the folder of s1 at "host1:7000" is older than journal "j1" was: its last welcomed life is "j1/1", the last one heard was "j1/2"
  * a server is refused (older-copy): the folder of s1 at "host1:7000" is older than journal "j1" was: its last welcomed life is "j1/1", the last one heard was "j1/2"
`,
);

play(
  'killed between its welcome and the note of it, a server is still the one that it was',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, incarnation 2, silently
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
s1's stream ends
  * cluster 1: s1 (standby) is dropped: its stream ended
# Its disk knows of the first life only.
s1 attaches, incarnation 3
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 3, at host1:7000
  s1 hears: epoch 2, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
`,
);

play(
  'killed between the note of its welcome and its first word, a server is still the one that it was',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, incarnation 2, silently
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
s1's stream ends
  * cluster 1: s1 (standby) is dropped: its stream ended
s1 attaches, incarnation 3, welcomed j1/2, silently
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 3, at host1:7000
s1's stream ends
  * cluster 1: s1 (standby) is dropped: its stream ended
# Whoever names the life before that now is older: a later one was past it.
s1 attaches, incarnation 4, welcomed j1/1
  s1 is refused older-copy: the folder of s1 at "host1:7000" is older than journal "j1" was: its last welcomed life is "j1/1", the last one heard was "j1/2"
  * a server is refused (older-copy): the folder of s1 at "host1:7000" is older than journal "j1" was: its last welcomed life is "j1/1", the last one heard was "j1/2"
s1 attaches, incarnation 4, welcomed j1/3
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 4, at host1:7000
  s1 hears: epoch 2, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
`,
);

play(
  'a copy of a folder whose original runs is refused, and the original is not touched',
  `
s1 attaches, incarnation 2
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1 attaches, incarnation 2, life copy, at elsewhere:1, silently
  s1 is refused duplicate-server: s1 of cluster 1 is live at "host1:7000", incarnation 2: the folder of "elsewhere:1", incarnation 2, is a copy of its folder
  * a server is refused (duplicate-server): s1 of cluster 1 is live at "host1:7000", incarnation 2: the folder of "elsewhere:1", incarnation 2, is a copy of its folder
s1 attaches, incarnation 3, life copy, at elsewhere:1, silently
  s1 is refused predecessor-is-live: s1 of cluster 1 is live at "host1:7000": "elsewhere:1", incarnation 3, has to wait for its end, or its folder is a copy
  * a server is refused (predecessor-is-live): s1 of cluster 1 is live at "host1:7000": "elsewhere:1", incarnation 3, has to wait for its end, or its folder is a copy
`,
);

play(
  'a copy that was made while its original ran ends before what is known as committed',
  `
s1 attaches, durable 9, committed 9, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1 pings
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
# The same welcomed life, and fewer entries.
s1 attaches, incarnation 2, durable 5, committed 5, last 1
  s1 is refused older-copy: the folder of s1 at "host1:7000" is older than journal "j1" was: it ends at 5, entries up to 9 are committed
  * a server is refused (older-copy): the folder of s1 at "host1:7000" is older than journal "j1" was: it ends at 5, entries up to 9 are committed
s1 attaches, incarnation 2, durable 9, committed 9, last 1
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  s1 hears: epoch 2, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
`,
);

play(
  'a router that was started compares all who were in sync before it promotes one',
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
s1 attaches, incarnation 2, durable 5, committed 5, last 1
  s1 is welcomed: epoch 1, (s1), in sync s1 s2, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  * cluster 1: s1 (primary of epoch 1) is dropped: incarnation 2 of it has come
  * cluster 1: nobody is available: the router was away and waits for s2 to attach again
  s1 hears: epoch 1, (s1), in sync s1 s2, live s1
s2 attaches, durable 9, committed 9, last 1
  s2 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  s1 hears: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (incarnation 2 of it has come)
  * cluster 1: the in-sync set of epoch 2 is s2
`,
);

play(
  'what a life that was welcomed says late, because the router was frozen, does not make it an older copy',
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 5, committed 5, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
the router sleeps 5000 ms
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1 s2, live s2
  * cluster 1: s1 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
s2's stream ends
  * cluster 1: s2 gave the router up while it was away, and may attach again
  * cluster 1: nobody is available: the router was away and waits for s1 and s2 to attach again
# It is heard first, and has said it last.
s2 attaches, durable 9, committed 9, last 1
  s2 is welcomed: epoch 1, (s1), in sync s1 s2, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: nobody is available: the router was away and waits for s1 to attach again
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 1, s1, in sync s1 s2, live s1 s2
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
`,
);

play(
  'a router whose store is older than its members grants no epoch any more; a stranger proves nothing',
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
s1's stream ends
  s2 hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2
s9 attaches, network network-1, epoch 2, revision 999
  s9 is refused router-store-too-old: s9 has seen revision 999 of cluster 1, this router's store ends with 5: the store is older than its members
  * a server is refused (router-store-too-old): s9 has seen revision 999 of cluster 1, this router's store ends with 5: the store is older than its members
s1 attaches, incarnation 2, epoch 2, revision 999
  s2 hears: epoch 2, s2, in sync s2, live s2
  s1 is refused router-store-too-old: s1 has seen revision 999 of cluster 1, this router's store ends with 5: the store is older than its members
  * cluster 1: no epoch is granted any more: s1 has seen revision 999 of cluster 1, this router's store ends with 5: the store is older than its members; start this router with its newest folder, or an operator chooses whose journal counts (admin promote --unclean)
  * a server is refused (router-store-too-old): s1 has seen revision 999 of cluster 1, this router's store ends with 5: the store is older than its members
s2's stream ends
  * cluster 1: s2 (primary of epoch 2) is dropped: its stream ended
  * cluster 1: nobody is available: s1 has seen revision 999 of cluster 1, this router's store ends with 5: the store is older than its members
s2 attaches, incarnation 2
  s2 is welcomed: epoch 2, (s2), in sync s2, live s2
  * cluster 1: s2 is attached, incarnation 2, at host2:7000
  s2 hears: epoch 2, (s2), in sync s2, live s2
`,
);

play(
  'after an orderly end everyone who ends where the primary ended may begin alone',
  `
s1 attaches, durable 9, committed 9, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 9, committed 9, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s3 attaches, durable 8, committed 8, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2
# All are asked to stop: nothing is handed over.
s2 is leaving
s1 is leaving
s1 hands over and leaves
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s1 is told that nobody can take over epoch 1
  * cluster 1: s1 can't hand over: nobody can take over from s1: s2 is leaving
s2 leaves
  s1 hears: epoch 1, s1, in sync s1, live s1 s3 (request 1)
  s3 hears: epoch 1, s1, in sync s1, live s1 s3
  * cluster 1: s2 (standby) is dropped: it is leaving
  * cluster 1: the in-sync set of epoch 1 is s1
s1 leaves
  s3 hears: epoch 1, (s1), in sync s1, live s3
  * cluster 1: s1 (primary of epoch 1) is dropped: it is leaving
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (it is leaving); only s1 can take over, and must attach first
s3's stream ends
  * cluster 1: s3 (standby) is dropped: its stream ended
# The disk of s1 is lost.
s3 attaches, incarnation 2
  s3 is welcomed: epoch 1, (s1), in sync s1, live s3
  * cluster 1: s3 is attached, incarnation 2, at host3:7000
s2 attaches, incarnation 2
  s2 is welcomed: epoch 1, (s1), in sync s1, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1, live s2 s3
  * cluster 1: s2 is attached, incarnation 2, at host2:7000
  s2 hears: epoch 2, s2, in sync s2, live s2 s3
  s3 hears: epoch 2, s2, in sync s2, live s2 s3
  * cluster 1: s2 ends where everything ended in order, at 9: it is in sync
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (it is leaving)
  * cluster 1: the in-sync set of epoch 2 is s2
`,
);

play(
  'an unclean promotion says what is lost, and does not take the shorter of two',
  `
s1 attaches, durable 12, committed 12, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 10, committed 10, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s3 attaches, durable 7, committed 7, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s2 hears: epoch 1, s1, in sync s1, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1's stream ends
  s2 hears: epoch 1, (s1), in sync s1, live s2 s3
  s3 hears: epoch 1, (s1), in sync s1, live s2 s3
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
operator A promotes s3
  operator A is refused invalid-argument: s2 is there and has more: promote that one, or accept the loss. s3: epoch 1, 7 entries, 7 of them known as committed; s1 (gone, as it was heard last): epoch 1, 12 entries, 12 of them known as committed: 5 entries are lost; s2 (live, as it was heard last): epoch 1, 10 entries, 10 of them known as committed: 3 entries are lost
operator A promotes s3 and accepts the loss
  s3 hears: epoch 2, s3, in sync s3, live s2 s3
  s2 hears: epoch 2, s3, in sync s3, live s2 s3
  operator A hears: epoch 2, s3, in sync s3, live s2 s3
  * cluster 1: s3 is primary of epoch 2, promoted unclean by an operator
  * cluster 1: s3 was promoted UNCLEAN. s3: epoch 1, 7 entries, 7 of them known as committed; s1 (gone, as it was heard last): epoch 1, 12 entries, 12 of them known as committed: 5 entries are lost; s2 (live, as it was heard last): epoch 1, 10 entries, 10 of them known as committed: 3 entries are lost
  * cluster 1: the in-sync set of epoch 2 is s3
s1 attaches, incarnation 2
  s3 hears: epoch 2, s3, in sync s3, live s1 s2 s3
  s1 is welcomed: epoch 2, s3, in sync s3, live s1 s2 s3
  s2 hears: epoch 2, s3, in sync s3, live s1 s2 s3
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
`,
);

play(
  'two that went their own ways: an unclean promotion of either says what of the other is lost',
  `
s1 attaches, durable 22, committed 22, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s2 attaches, durable 4, committed 4, last 2
  s2 is welcomed: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 attaches, incarnation 2, journal jx, durable 22, committed 22, last 1
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1 s2
  s2 hears: epoch 1, (s1), in sync s1, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first (with the journal that it had: s1 came with another)
operator ann promotes s2
  operator ann is refused invalid-argument: s2 and s1 went their own ways, each has what the other lacks: accept the loss of one of them. s2: epoch 2, 4 entries, 4 of them known as committed; s1 (live, as it was heard last): epoch 1, 22 entries, 22 of them known as committed: committed entries 5 to 22 are lost, at least
operator bob promotes s1
  operator bob is refused invalid-argument: s1 and s2 went their own ways, each has what the other lacks: accept the loss of one of them. s1: epoch 1, 22 entries, 22 of them known as committed; s2 (live, as it was heard last): epoch 2, 4 entries, 4 of them known as committed: whatever came after epoch 1 is lost
operator cid promotes s1 and accepts the loss
  s1 hears: epoch 2, s1, in sync s1, live s1 s2
  s2 hears: epoch 2, s1, in sync s1, live s1 s2
  operator cid hears: epoch 2, s1, in sync s1, live s1 s2
  * cluster 1: s1 is primary of epoch 2, promoted unclean by an operator
  * cluster 1: s1 was promoted UNCLEAN. s1: epoch 1, 22 entries, 22 of them known as committed; s2 (live, as it was heard last): epoch 2, 4 entries, 4 of them known as committed: whatever came after epoch 1 is lost
`,
);

play(
  'where the store of the router is older, an operator may choose among those that it refuses: it is the newest from then on',
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 5, committed 5, last 1
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
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
# Another router has gone on meanwhile, without s2, and its folder is lost.
s1 attaches, incarnation 2, network network-1, epoch 3, revision 40, welcomed elsewhere, durable 9, committed 9, last 3
  s1 is refused router-store-too-old: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
  * cluster 1: no epoch is granted any more: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members; start this router with its newest folder, or an operator chooses whose journal counts (admin promote --unclean)
  * a server is refused (router-store-too-old): s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
  * cluster 1: nobody is available: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
s2 attaches, incarnation 2, durable 5, committed 5, last 1
  s2 is welcomed: epoch 1, (s1), in sync s1, live s2
  * cluster 1: s2 is attached, incarnation 2, at host2:7000
operator ann promotes s2
  operator ann is refused invalid-argument: s1 is there and has more: promote that one, or accept the loss. s2: epoch 1, 5 entries, 5 of them known as committed; s1 (refused now, as it was heard last): epoch 3, 9 entries, 9 of them known as committed: whatever came after epoch 1 is lost
operator bob promotes s1
  s2 hears: epoch 4, (s1), in sync s1, live s2
  * cluster 1: s1 is primary of epoch 4, promoted unclean by an operator
  * cluster 1: s1 was promoted UNCLEAN. s1: epoch 3, 9 entries, 9 of them known as committed; s2 (live, as it was heard last): epoch 1, 5 entries, 5 of them known as committed: nothing that s1 lacks
  * cluster 1: nobody is available: s1, primary of epoch 4, is gone; only s1 can take over, and must attach first
s1 attaches, incarnation 2, durable 9, committed 9, last 3
  s1 is welcomed: epoch 4, s1, in sync s1, live s1 s2
  s2 hears: epoch 4, s1, in sync s1, live s1 s2
  operator bob hears: epoch 4, s1, in sync s1, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 4
s1's stream ends
  s2 hears: epoch 4, (s1), in sync s1, live s2
  * cluster 1: s1 (primary of epoch 4) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 4, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, incarnation 3, durable 9, committed 9, last 3
  s1 is welcomed: epoch 4, (s1), in sync s1, live s1 s2
  s2 hears: epoch 4, (s1), in sync s1, live s1 s2
  * cluster 1: s1 is attached, incarnation 3, at host1:7000
  s1 hears: epoch 5, s1, in sync s1, live s1 s2
  s2 hears: epoch 5, s1, in sync s1, live s1 s2
  * cluster 1: s1 is primary of epoch 5, 0 ms after s1 was dropped (its stream ended)
`,
);

play(
  'a later revision of an earlier epoch was told by a copy of the store: what is told now comes after it',
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 5, committed 5, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s1's stream ends
  s2 hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (its stream ended)
  * cluster 1: the in-sync set of epoch 2 is s2
s1 attaches, incarnation 2, network network-1, epoch 1, revision 40, durable 5, committed 5, last 1
  s2 hears: epoch 2, s2, in sync s2, live s1 s2
  s1 is welcomed: epoch 2, s2, in sync s2, live s1 s2
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
client ann asks for cluster 1
  client ann hears: epoch 2, s2, in sync s2, live s1 s2
`,
);

play(
  'a store that is older by one revision is told from the newest, though a start counts one up',
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 5, committed 5, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
# The folder is put back from here: another router has taken s2 out of the set since.
the router restarts
s2 attaches, network network-1, epoch 1, revision 5
  s2 is refused router-store-too-old: s2 has seen revision 5 of cluster 1, this router's store ends with 4: the store is older than its members
  * cluster 1: no epoch is granted any more: s2 has seen revision 5 of cluster 1, this router's store ends with 4: the store is older than its members; start this router with its newest folder, or an operator chooses whose journal counts (admin promote --unclean)
  * a server is refused (router-store-too-old): s2 has seen revision 5 of cluster 1, this router's store ends with 4: the store is older than its members
  * cluster 1: nobody is available: s2 has seen revision 5 of cluster 1, this router's store ends with 4: the store is older than its members
s1 attaches, network network-1, epoch 1, revision 5
  s1 is refused router-store-too-old: s1 has seen revision 5 of cluster 1, this router's store ends with 4: the store is older than its members
  * a server is refused (router-store-too-old): s1 has seen revision 5 of cluster 1, this router's store ends with 4: the store is older than its members
`,
);

play(
  'an epoch that another router granted is told from the one that this router granted with the same number',
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 5, committed 5, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s1 asks to add s2
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2
  * cluster 1: the in-sync set of epoch 1 is s1, s2
s3 attaches, durable 5, committed 5, last 1
  s1 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3 (request 1)
  s2 hears: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  s3 is welcomed: epoch 1, s1, in sync s1 s2, live s1 s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
s1 asks to add s3
  s1 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3 (request 2)
  s2 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  s3 hears: epoch 1, s1, in sync s1 s2 s3, live s1 s2 s3
  * cluster 1: the in-sync set of epoch 1 is s1, s2, s3
# The folder is put back from here: another router has gone on.
the router restarts
s2 attaches, network network-1, epoch 1
  s2 is welcomed: epoch 1, (s1), in sync s1 s2 s3, live s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: nobody is available: the router was away and waits for s1 and s3 to attach again
3000 ms pass
  s2 hears: epoch 2, s2, in sync s2, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: it has not attached again since the router was away
  * cluster 1: s3 (standby) is dropped: it has not attached again since the router was away
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (it has not attached again since the router was away)
  * cluster 1: the in-sync set of epoch 2 is s2
# s3 has heard of the epoch from s2.
s3 attaches, network network-1, epoch 2
  s2 hears: epoch 2, s2, in sync s2, live s2 s3
  s3 is welcomed: epoch 2, s2, in sync s2, live s2 s3
  * cluster 1: s3 is attached, incarnation 1, at host3:7000
# s1 has it from the other router.
s1 attaches, network network-1, epoch 2, revision 3
  s2 hears: epoch 2, s2, in sync s2, live s2 s3
  s3 hears: epoch 2, s2, in sync s2, live s2 s3
  s1 is refused router-store-too-old: s1 has seen epoch 2 of cluster 1 of another router: the store is older than its members
  * cluster 1: no epoch is granted any more: s1 has seen epoch 2 of cluster 1 of another router: the store is older than its members; start this router with its newest folder, or an operator chooses whose journal counts (admin promote --unclean)
  * a server is refused (router-store-too-old): s1 has seen epoch 2 of cluster 1 of another router: the store is older than its members
`,
);

play(
  'a life that a supervisor vouches for and nobody has heard is not promoted unclean: its folder may not have noted it',
  `
s1 attaches, durable 9, committed 9, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, incarnation 2, silently, durable 9, committed 9, last 1
  s1 is welcomed: epoch 1, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
s1's stream ends
  * cluster 1: s1 (standby) is dropped: its stream ended
a supervisor registers s1, incarnation 2
  the supervisor hears: registered
  * cluster 1: s1 is registered by its supervisor, incarnation 2, at host1:7000
operator ann promotes s1 and accepts the loss
  operator ann is refused member-not-live: s1 has not been heard since its welcome yet
`,
);

play(
  'a server that was chosen while it was refused, and starts again before it is welcomed, is no older copy',
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
s1 attaches, incarnation 2, network network-1, epoch 3, revision 40, durable 9, committed 9, last 3
  s1 is refused router-store-too-old: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
  * cluster 1: no epoch is granted any more: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members; start this router with its newest folder, or an operator chooses whose journal counts (admin promote --unclean)
  * a server is refused (router-store-too-old): s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
  * cluster 1: nobody is available: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
operator ann promotes s1
  * cluster 1: s1 is primary of epoch 4, promoted unclean by an operator
  * cluster 1: s1 was promoted UNCLEAN. s1: epoch 3, 9 entries, 9 of them known as committed
  * cluster 1: nobody is available: s1, primary of epoch 4, is gone; only s1 can take over, and must attach first
s1 attaches, incarnation 3, network network-1, epoch 3, revision 40, durable 9, committed 9, last 3
  s1 is welcomed: epoch 4, (s1), in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 3, at host1:7000
  s1 hears: epoch 5, s1, in sync s1, live s1
  operator ann hears: epoch 5, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 5, since s1 was gone when the router started
`,
);

play(
  'a server that was chosen while it was refused is told that its own life counts, and a supervisor does not stand in the way',
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s1's stream ends
  * cluster 1: s1 (primary of epoch 1) is dropped: its stream ended
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its stream ended); only s1 can take over, and must attach first
a supervisor registers s1, incarnation 2
  the supervisor hears: registered
  * cluster 1: s1 is registered by its supervisor, incarnation 2, at host1:7000
s1 attaches, incarnation 2, network network-1, epoch 3, revision 40, durable 9, committed 9, last 3
  s1 is refused router-store-too-old: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
  * cluster 1: no epoch is granted any more: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members; start this router with its newest folder, or an operator chooses whose journal counts (admin promote --unclean)
  * a server is refused (router-store-too-old): s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
  * cluster 1: nobody is available: s1 has seen epoch 3 of cluster 1, this router's store ends with 1: the store is older than its members
operator ann promotes s1
  * cluster 1: s1 is primary of epoch 4, promoted unclean by an operator
  * cluster 1: s1 was promoted UNCLEAN. s1: epoch 3, 9 entries, 9 of them known as committed
  * cluster 1: nobody is available: s1, primary of epoch 4, is gone; only s1 can take over, and must attach first
s1 attaches, incarnation 2, network network-1, epoch 3, revision 40, durable 9, committed 9, last 3
  s1 is welcomed: epoch 4, s1, in sync s1, live s1
  operator ann hears: epoch 4, s1, in sync s1, live s1
  * cluster 1: s1 is attached, incarnation 2, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 4
  s1 hears: epoch 4, s1, in sync s1, live s1
`,
);

play(
  "a supervisor's late word of a server that has another disk by now keeps it out no longer than until it attaches",
  `
s1 attaches, durable 5, committed 5, last 1
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 attaches, durable 5, committed 5, last 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
s2's stream ends
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s2 (standby) is dropped: its stream ended
a supervisor registers s2, incarnation 1
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  the supervisor hears: registered
  * cluster 1: s2 is registered by its supervisor, incarnation 1, at host2:7000
s2 attaches, incarnation 1, journal new, durable 0, committed 0, last 0
  s1 hears: epoch 1, s1, in sync s1, live s1 s2
  s2 is welcomed: epoch 1, s1, in sync s1, live s1 s2
  * cluster 1: s2 is attached, incarnation 1, at host2:7000
  * cluster 1: s2 (standby) is dropped: incarnation 1 of it has come
`,
);
