/** A router that is alone: one registry over the records of its folder, for as long as it runs. */
import type { Assignment, ClusterId, ClusterRecord, ServerId } from '@dualping/core';
import { MortalProcess } from './mortal-process.js';
import type { Acceptors } from './network.js';
import { RouterDisk } from './router-disk.js';
import { RouterReign, type RouterSurroundings } from './router-reign.js';
import type { OperatorOrder } from './router-view.js';

const NETWORK_ID = 'sim';

export class RouterProcess extends MortalProcess {
  readonly #around: RouterSurroundings;
  readonly acceptors: Acceptors;
  readonly disk: RouterDisk;
  #reign: RouterReign | undefined;

  constructor(around: RouterSurroundings, name = 'router') {
    super(name, around);
    this.#around = around;
    this.disk = new RouterDisk(NETWORK_ID, this.random, {
      after: (delayMs, work) => this.world.after(delayMs, 'router store', work),
      recorded: (record) => around.checkers.tell('recorded', record),
    });
    this.acceptors = {
      'dual-ping': (end) => this.#reign?.acceptMember(end),
      watch: (end) => {
        end.onMessage = (question) => this.#reign?.watch(end, question);
      },
      connect: (end) => {
        end.onMessage = (question) => this.#reign?.connect(end, question);
      },
      'get-available': (end) => {
        end.onMessage = (question) => this.#reign?.take(end, question);
      },
      'register-server': (end) => {
        end.onMessage = (question) => this.#reign?.take(end, question);
      },
      'add-master': (end) => {
        end.onMessage = (question) => this.#reign?.take(end, question);
      },
      crash: (end) => {
        end.onMessage = (question) => this.#reign?.take(end, question);
      },
    };
  }

  /** The record of a cluster on its disk. */
  recordOf(cluster: ClusterId): ClusterRecord | undefined {
    return this.disk.records.get(cluster);
  }
  /** The assignment of a cluster that it sends now; undefined while it doesn't run. */
  assignmentOf(cluster: ClusterId): Assignment | undefined {
    return this.#reign?.assignmentOf(cluster);
  }

  start(): void {
    this.begin();
    const { disk } = this;
    const { networkId, isNew } = disk;
    disk.isNew = false;
    this.#reign = new RouterReign({
      process: this,
      around: this.#around,
      networkId,
      records: [...disk.records.values()],
      isNew,
      timing: this.#around.timing,
      term: 0,
      persist: (records, durable) => disk.persist(records, () => this.receive(durable)),
      perform: (what, work) => this.perform(what, work),
      counts: () => true,
    });
    this.#reign.begin();
  }

  override kill(powerLost = false): void {
    if (!this.running) return;
    this.disk.crash();
    this.end(powerLost);
    this.#reign?.stop();
    this.#reign = undefined;
    this.dieAfterOutputs = undefined;
  }

  /** An operator asks the primary to hand over. */
  handOver(cluster: ClusterId): void {
    this.receive(() => this.#reign?.handOver(cluster));
  }

  /** An operator makes a member primary that may lack acknowledged writes. */
  promoteUnclean(cluster: ClusterId, serverId: ServerId, acceptLoss: boolean): void {
    this.receive(() => this.#reign?.promoteUnclean(cluster, serverId, acceptLoss));
  }

  /** An operator's order; nothing comes of it while the router does not run. */
  order(kind: OperatorOrder, cluster: ClusterId): void {
    this.receive(() => this.#reign?.order(kind, cluster));
  }
}
