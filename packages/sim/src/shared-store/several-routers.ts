/** Several routers and the model of etcd that they share, as one router to whoever looks on. */
import {
  type Assignment,
  type ClusterId,
  type ClusterRecord,
  LEADER_KEY,
  leaderFrom,
  type NetworkId,
  type ServerId,
} from '@dualping/core';
import { Violation } from '../checkers/checker.js';
import type { RouterFolder } from '../router-disk.js';
import type { OperatorOrder, RouterStore, RouterView } from '../router-view.js';
import type { LeadingRouter } from './leading-router.js';
import { type ModelEtcd, OPERATOR } from './model-etcd.js';

/** An etcd that is slower than this each way counts as slow, ms. */
const SLOW_MS = 50;

export class SeveralRouters implements RouterView {
  constructor(
    readonly processes: readonly LeadingRouter[],
    readonly etcd: ModelEtcd,
  ) {}

  /** Undefined: none leads now. */
  get leader(): LeadingRouter | undefined {
    return this.processes.find(({ leads }) => leads);
  }

  get name(): string {
    return (this.leader ?? this.processes[0])?.name ?? '';
  }

  recordOf(cluster: ClusterId): ClusterRecord | undefined {
    const stored = this.etcd.get(`clusters/${cluster}`);
    return stored === undefined ? undefined : (JSON.parse(stored.value) as ClusterRecord);
  }

  assignmentOf(cluster: ClusterId): Assignment | undefined {
    return this.leader?.assignmentOf(cluster);
  }

  handOver(cluster: ClusterId): void {
    const { leader } = this;
    leader?.receive(() => leader.reign?.handOver(cluster));
  }

  promoteUnclean(cluster: ClusterId, serverId: ServerId, acceptLoss: boolean): void {
    const { leader } = this;
    leader?.receive(() => leader.reign?.promoteUnclean(cluster, serverId, acceptLoss));
  }

  order(kind: OperatorOrder, cluster: ClusterId): void {
    const { leader } = this;
    leader?.receive(() => leader.reign?.order(kind, cluster));
  }

  /** Checks that records are written by the router that the leader's key names, or by an operator. */
  checkWriter(by: string): void {
    const stored = this.etcd.get(LEADER_KEY);
    const leader = leaderFrom(stored === undefined ? [] : [stored]);
    if (by === OPERATOR || by === leader?.address) return;
    const whoLeads = leader === undefined ? 'nobody leads' : `${leader.address} leads`;
    throw new Violation('only-the-leader-writes', `${by} writes a record, and ${whoLeads}`);
  }

  /**
   * Who could lead now; undefined: that is in between, or none could. A router that is gone has no word, and
   * one that is cut off from etcd leads no more after a while.
   */
  get standing(): string | undefined {
    const { etcd, processes } = this;
    if (!etcd.hasQuorum || etcd.slowMs > SLOW_MS) return undefined;
    const states = processes.map((router) => [router.name, stateOf(router, etcd)] as const);
    if (states.some(([, state]) => state === undefined)) return undefined;
    if (!states.some(([, state]) => state === 'well')) return undefined;
    return states.map(([name, state]) => `${name} ${state}`).join(', ');
  }
}

function stateOf(router: LeadingRouter, etcd: ModelEtcd): 'well' | 'gone' | undefined {
  const cut = etcd.cutOf(router.name);
  if (!router.running || !router.awake || cut === 'both') return 'gone';
  return router.isProper && cut === undefined ? 'well' : undefined;
}

/** Etcd as the place of the routers' records. */
export class EtcdRecords implements RouterStore {
  /** The id that a network gets that is made now. */
  networkId: NetworkId = 'sim';

  constructor(
    readonly routers: SeveralRouters,
    readonly etcd: ModelEtcd,
  ) {}

  get isWell(): boolean {
    return this.routers.standing !== undefined;
  }
  get isInDoubt(): boolean {
    return this.routers.leader?.isWriting !== false;
  }

  folder(): RouterFolder {
    const { etcd } = this;
    const header = etcd.get('header');
    const networkId = header?.value ?? this.networkId;
    const records = etcd.list('clusters/').map(({ value }) => JSON.parse(value) as ClusterRecord);
    return {
      networkId,
      records: new Map(records.map((record) => [record.cluster, record])),
      isNew: header === undefined,
      etcd: etcd.snapshot(),
    };
  }

  /** As an operator does it who restores a snapshot; records that it lacks are put over it. */
  putIn({ networkId, records, etcd: snapshot }: RouterFolder): void {
    const { etcd } = this;
    this.networkId = networkId;
    etcd.restore(snapshot ?? NOTHING);
    for (const [cluster, record] of records) {
      const value = JSON.stringify(record);
      const key = `clusters/${cluster}`;
      if (etcd.get(key)?.value !== value) etcd.putByOperator(key, value);
    }
  }

  hang(): () => void {
    return this.etcd.loseQuorum();
  }

  slowDown(ms: number): () => void {
    this.etcd.slowMs += ms;
    return () => {
      this.etcd.slowMs -= ms;
    };
  }
}

const NOTHING = { revision: 1, keys: new Map(), leases: new Map() };
