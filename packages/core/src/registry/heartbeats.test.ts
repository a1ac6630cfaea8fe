/** Members that can only call out: in by a first heartbeat, out by silence, back by the next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Play } from './play.fixture.js';

function play(title: string, script: string, options: { readonly clusters?: number } = {}): void {
  test(title, () => assert.equal(new Play(options).perform(script), script));
}

play(
  'silent for ten seconds and a member is out; the next heartbeat has it back, behind whoever took over',
  `
s1 sends a heartbeat, at a:1
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at a:1
  * cluster 1: s1 is primary of epoch 1, the first
s2 sends a heartbeat, at b:1
  s2 hears: it is not the one
  * cluster 1: s2 is registered by its heartbeat, at b:1
5000 ms pass
s2 sends a heartbeat
  s2 hears: it is not the one
4999 ms pass
client x asks for cluster 1
  client x hears: epoch 1, s1, in sync nobody, live s1 s2
client y asks for cluster 1, epoch 1 has failed, waits 3000 ms
1 ms pass
  client y hears: epoch 2, s2, in sync nobody, live s2
  * cluster 1: s1 (primary of epoch 1) is dropped: no heartbeat of it for 10000 ms
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (no heartbeat of it for 10000 ms)
s1 sends a heartbeat
  s1 hears: it is not the one
  * cluster 1: s1 is registered by its heartbeat, at a:1
s2 sends a heartbeat
  s2 hears: it is the one
`,
);

play(
  'the only one comes back in its old epoch, or, from another address, in a new one',
  `
s1 sends a heartbeat, at a:1
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at a:1
  * cluster 1: s1 is primary of epoch 1, the first
10000 ms pass
  * cluster 1: s1 (primary of epoch 1) is dropped: no heartbeat of it for 10000 ms
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (no heartbeat of it for 10000 ms) and no other server is live
s1 sends a heartbeat
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at a:1
  * cluster 1: s1 goes on as primary of epoch 1
# Two that call themselves the same: the one that is here stays.
s1 sends a heartbeat, at b:2
  s1 is refused duplicate-server: s1 of cluster 1 is live at "a:1": give "b:2" another server id, or wait until that one is out
  * a heartbeat is refused (duplicate-server): s1 of cluster 1 is live at "a:1": give "b:2" another server id, or wait until that one is out
10000 ms pass
  * cluster 1: s1 (primary of epoch 1) is dropped: no heartbeat of it for 10000 ms
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (no heartbeat of it for 10000 ms) and no other server is live
s1 sends a heartbeat, at b:2
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at b:2
  * cluster 1: s1 is primary of epoch 2, 0 ms after s1 was dropped (no heartbeat of it for 10000 ms)
`,
);

play(
  'a cluster has servers of one kind: the first member decides, for good',
  `
s1 attaches
  s1 is welcomed: epoch 0, (nobody), in sync nobody, live s1
  * cluster 1: s1 is attached, incarnation 1, at host1:7000
  s1 hears: epoch 1, s1, in sync s1, live s1
  * cluster 1: s1 is primary of epoch 1, the first
  * cluster 1: the in-sync set of epoch 1 is s1
s2 sends a heartbeat
  s2 is refused wrong-mode: cluster 1 is replicated, s2 cannot replicate
  * a heartbeat is refused (wrong-mode): cluster 1 is replicated, s2 cannot replicate
s1 sends a heartbeat
  s1 is refused wrong-mode: cluster 1 is replicated, s1 cannot replicate
  * a heartbeat is refused (wrong-mode): cluster 1 is replicated, s1 cannot replicate
s3 sends a heartbeat, cluster 2
  s3 hears: it is the one
  * cluster 2: s3 is registered by its heartbeat, at host3:7000
  * cluster 2: s3 is primary of epoch 1, the first
s4 attaches, cluster 2
  s4 is refused wrong-mode: cluster 2 is routed, s4 replicates
  * a server is refused (wrong-mode): cluster 2 is routed, s4 replicates
s5 sends a heartbeat, cluster 3
  s5 is refused unknown-cluster: there is no cluster "3": this router has clusters 1 to 2
  * a heartbeat is refused (unknown-cluster): there is no cluster "3": this router has clusters 1 to 2
`,
  { clusters: 2 },
);

play(
  'whatever is no server is never given to a client, whoever else is there',
  `
a synchronizer 1 sends a heartbeat
  the synchronizer hears: it is the one
  * cluster 1: "synchronizer" 1 is registered by its heartbeat, at host1:7000: no server, clients are not sent to it
client x asks for cluster 1
  client x is refused no-available-server: cluster 1: no server of cluster 1 has attached yet
a synchronizer 2 sends a heartbeat
  the synchronizer hears: it is not the one
  * cluster 1: "synchronizer" 2 is registered by its heartbeat, at host2:7000: no server, clients are not sent to it
# A server of the same number is another thing.
s1 sends a heartbeat
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at host1:7000
  * cluster 1: s1 is primary of epoch 1, the first
10000 ms pass
  * cluster 1: s1 (primary of epoch 1) is dropped: no heartbeat of it for 10000 ms
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (no heartbeat of it for 10000 ms) and no other server is live
a synchronizer 2 sends a heartbeat
  the synchronizer hears: it is the one
  * cluster 1: "synchronizer" 2 is registered by its heartbeat, at host2:7000: no server, clients are not sent to it
`,
);

play(
  'a router that comes back believes who sent heartbeats, for as long as one counts',
  `
s1 sends a heartbeat
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at host1:7000
  * cluster 1: s1 is primary of epoch 1, the first
s2 sends a heartbeat
  s2 hears: it is not the one
  * cluster 1: s2 is registered by its heartbeat, at host2:7000
the router restarts
client x asks for cluster 1
  client x hears: epoch 1, s1, in sync nobody, live s1 s2
9999 ms pass
s2 sends a heartbeat
  s2 hears: it is not the one
1 ms pass
  * cluster 1: s1 (primary of epoch 1) is dropped: no heartbeat of it for 10000 ms
  * cluster 1: s2 is primary of epoch 2, 0 ms after s1 was dropped (no heartbeat of it for 10000 ms)
# Stopped for a minute, it does not blame those whom it did not hear.
the router sleeps 60000 ms
client y asks for cluster 1
  client y hears: epoch 2, s2, in sync nobody, live s2
`,
);

play(
  'a server that its supervisor watches is judged by its heartbeats once it sends any',
  `
a supervisor registers s1, no journal
  the supervisor hears: registered
  * cluster 1: s1 is registered by its supervisor, incarnation 1, at host1:7000
  * cluster 1: s1 is primary of epoch 1, the first
60000 ms pass
s1 sends a heartbeat
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at host1:7000
a supervisor registers s1, no journal
  the supervisor hears: registered
10000 ms pass
  * cluster 1: s1 (primary of epoch 1) is dropped: no heartbeat of it for 10000 ms
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (no heartbeat of it for 10000 ms) and no other server is live
s1 sends a heartbeat
  s1 hears: it is the one
  * cluster 1: s1 is registered by its heartbeat, at host1:7000
  * cluster 1: s1 goes on as primary of epoch 1
a supervisor reports a crash of incarnation 1 of s1
  the supervisor hears: dropped
  * cluster 1: s1 (primary of epoch 1) is dropped: its supervisor reports a crash: exit 1
  * cluster 1: nobody is available: s1, primary of epoch 1, is gone (its supervisor reports a crash: exit 1) and no other server is live
`,
);
