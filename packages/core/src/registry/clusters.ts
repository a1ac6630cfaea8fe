/** All clusters of one network. Says to which of them a server belongs. */
import type { ClusterRecord } from '../assignment.js';
import type { ClusterId, NetworkId } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_CLUSTERS } from '../limits.js';
import { noSuchCluster, objectionToNetwork } from './admission.js';
import { Cluster } from './cluster.js';
import type { Evidence } from './eligibility.js';
import type { Candidate, Refusal } from './registry-messages.js';

/** What the router knows when it starts: see `RegistryOptions`. */
interface Kept {
  readonly networkId: NetworkId;
  readonly clusters: number;
  readonly records: readonly ClusterRecord[];
  readonly isNew?: boolean | undefined;
}

export class Clusters {
  readonly networkId: NetworkId;
  readonly all: readonly Cluster[];

  constructor({ networkId, clusters, records, isNew = records.length === 0 }: Kept, evidence: Evidence) {
    invariant(clusters >= 1 && clusters <= MAX_CLUSTERS, 'limit-is-kept', { clusters });
    this.networkId = networkId;
    const byCluster = new Map(records.map((record) => [record.cluster, record]));
    this.all = Array.from(
      { length: clusters },
      (_, at) => new Cluster(at + 1, byCluster.get(at + 1), !isNew, evidence),
    );
  }

  find(id: ClusterId): Cluster | Refusal {
    return this.all[id - 1] ?? noSuchCluster(id, this.all.length);
  }

  /** The cluster of a server, or why it is not of this network. */
  placeOf(candidate: Candidate): Cluster | Refusal {
    return objectionToNetwork(candidate, this.networkId) ?? this.find(candidate.cluster);
  }

  /** The cluster that lets a server in, or why it is refused there. */
  placeFor(candidate: Candidate): Cluster | Refusal {
    const cluster = this.placeOf(candidate);
    return cluster instanceof Cluster ? (cluster.objectionTo(candidate) ?? cluster) : cluster;
  }
}
