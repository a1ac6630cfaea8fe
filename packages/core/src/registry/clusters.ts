/**
 * All clusters of one network: those of users, whose number never changes, and one for each service, which is
 * made when the service's first member is admitted. Says to which of them a server belongs.
 */
import type { ClusterRecord } from '../assignment.js';
import type { ClusterId, ClusterKey, NetworkId, ServiceName } from '../ids.js';
import { invariant } from '../invariants.js';
import { FIRST_SERVICE_CLUSTER, MAX_CLUSTERS } from '../limits.js';
import { noSuchCluster, noSuchService, objectionToNetwork, objectionToService } from './admission.js';
import { Cluster } from './cluster.js';
import type { Evidence } from './eligibility.js';
import type { Candidate, Refusal } from './registry-messages.js';

/** What the router knows at its start: see `RegistryOptions`. */
interface Kept {
  readonly networkId: NetworkId;
  readonly clusters: number;
  readonly records: readonly ClusterRecord[];
  readonly isNew?: boolean | undefined;
}

export class Clusters {
  readonly networkId: NetworkId;
  /** How many clusters of users there are. */
  readonly count: number;
  readonly #evidence: Evidence;
  readonly #all = new Map<ClusterId, Cluster>();
  readonly #services = new Map<ServiceName, Cluster>();

  constructor({ networkId, clusters, records, isNew = records.length === 0 }: Kept, evidence: Evidence) {
    invariant(clusters >= 1 && clusters <= MAX_CLUSTERS, 'limit-is-kept', { clusters });
    this.networkId = networkId;
    this.count = clusters;
    this.#evidence = evidence;
    const byCluster = new Map(records.map((record) => [record.cluster, record]));
    for (let id = 1; id <= clusters; id += 1)
      this.#all.set(id, new Cluster({ id }, byCluster.get(id), !isNew, evidence));
    for (const record of records) {
      const { cluster: id, service } = record;
      if (service !== undefined) this.keep(new Cluster({ id, service }, record, !isNew, evidence));
    }
  }

  /** By number. */
  get all(): readonly Cluster[] {
    return [...this.#all.values()];
  }

  get(key: ClusterKey): Cluster | undefined {
    return typeof key === 'number' ? this.#all.get(key) : this.#services.get(key);
  }

  find(key: ClusterKey): Cluster | Refusal {
    return this.get(key) ?? (typeof key === 'number' ? noSuchCluster(key, this.count) : noSuchService(key));
  }

  /**
   * The cluster of a server, or why it is not of this network. The cluster of a new service is stored only
   * when a member is admitted: `keep`.
   */
  placeOf(candidate: Candidate): Cluster | Refusal {
    const objection = objectionToNetwork(candidate, this.networkId);
    if (objection !== undefined) return objection;
    const { cluster: key } = candidate;
    if (typeof key === 'string') return this.#placeInService(candidate, key);
    // A service is identified by its name: its number is internal to the router.
    return key > this.count ? noSuchCluster(key, this.count) : this.find(key);
  }

  /** The cluster that admits a server, or why the server is refused. */
  placeFor(candidate: Candidate): Cluster | Refusal {
    const cluster = this.placeOf(candidate);
    return cluster instanceof Cluster ? (cluster.objectionTo(candidate) ?? cluster) : cluster;
  }

  /**
   * A member is admitted: if its service is new, its cluster is stored from now on, with a number of its own.
   */
  keep(cluster: Cluster): void {
    const { id, service } = cluster;
    if (service === undefined || this.#services.get(service) === cluster) return;
    invariant(!this.#services.has(service) && !this.#all.has(id), 'service-has-one-cluster', { service, id });
    this.#all.set(id, cluster);
    this.#services.set(service, cluster);
  }

  #placeInService(candidate: Candidate, service: ServiceName): Cluster | Refusal {
    const known = this.#services.get(service);
    const { size } = this.#services;
    const objection = objectionToService(candidate, service, known === undefined, size);
    if (objection !== undefined) return objection;
    if (known !== undefined) return known;
    // It was never announced, so there is no member whose return it would have to await.
    return new Cluster({ id: FIRST_SERVICE_CLUSTER + size, service }, undefined, false, this.#evidence);
  }
}
