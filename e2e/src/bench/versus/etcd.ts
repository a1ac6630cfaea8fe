import { EtcdCluster, NO_ETCD } from '../../etcd-cluster.js';
import { LoadedPeer } from './loaded-peer.js';
import { versionOf } from './nodes.js';
import type { Peer, PeerKind } from './peer.js';

const PROMISE = 'durable on two of three disks before the answer; a repeated write is written twice';

export const etcd: PeerKind = {
  missing: () => NO_ETCD,

  async start(): Promise<Peer> {
    const cluster = await EtcdCluster.start(3);
    const leader = await cluster.leader();
    const { addresses } = cluster;
    const nodes = [...addresses.slice(leader), ...addresses.slice(0, leader)];
    const peer = await LoadedPeer.open(`etcd ${versionOf('etcd')}`, PROMISE, () => cluster.destroy(), {
      kind: 'etcd',
      nodes,
    });
    return {
      name: peer.name,
      promise: peer.promise,
      writes: (run) => peer.writes(run),
      fanout: (forMs) => peer.fanout(forMs),
      async takeoverMs() {
        const at = await cluster.leader();
        const tookMs = await peer.untilWrittenAfter(() => cluster.killNode(at));
        cluster.startNode(at);
        await cluster.healthy();
        return tookMs;
      },
      end: () => peer.end(),
    };
  },
};
