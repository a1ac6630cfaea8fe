/**
 * A router of several in a whole cluster, as `startSharedRouter` puts it together: the real leadership and
 * its driver over the model of etcd, and a reign for each term in which it leads.
 */
import type { Assignment, ClusterId, ClusterRecord, Failure, Leader, Leadership } from '@dualping/core';
import type { FencedStore, LeadershipDriver, PeerListener } from '@dualping/runtime';
import { call } from '../call.js';
import { MortalProcess } from '../mortal-process.js';
import { type AcceptorEnd, type Acceptors, REFUSAL_MS } from '../network.js';
import { connected, type RouterCall, RouterReign, type RouterSurroundings } from '../router-reign.js';
import type { Wires } from '../wires.js';
import { FollowerRecords } from './follower-records.js';
import type { ModelEtcd } from './model-etcd.js';

/** How often members that wait at a follower hear again who leads, ms. */
const TELL_MS = 1_000;
/** How long a call that is passed on may take, ms: above the longest wait for a successor. */
const PASSED_ON_MS = 30_000;
/** Between two looks whether a router that ends in order has given up its lease, ms. */
const RESIGNS_MS = 5;

export interface LeadingRouterParts extends RouterSurroundings {
  readonly etcd: ModelEtcd;
  /** The id that a network gets that is made now. */
  readonly networkId: () => string;
}

const NOBODY_LEADS: Failure = { reason: 'router-unreachable', detail: 'no router leads now' };

export class LeadingRouter extends MortalProcess {
  readonly acceptors: Acceptors;
  readonly #parts: LeadingRouterParts;
  #lives = 0;
  #leadership: Leadership | undefined;
  #driver: LeadershipDriver | undefined;
  #leader: Leader | undefined;
  /** The network that this life serves: the first that it has found or made. */
  #network: string | undefined;
  #reign: RouterReign | undefined;
  #records: FollowerRecords;
  readonly #redirected = new Set<AcceptorEnd<'dual-ping'>>();
  readonly #hearers = new Set<AcceptorEnd<'leader'>>();
  /** Records whose write is under way, or stands in doubt. */
  #writes = 0;

  constructor(name: string, parts: LeadingRouterParts) {
    super(name, parts);
    this.#parts = parts;
    this.#records = this.#newRecords();
    this.acceptors = {
      'dual-ping': (end) => {
        if (this.#reign === undefined) this.#redirect(end);
        else this.#reign.acceptMember(end);
      },
      leader: (end) => {
        this.#hearers.add(end);
        end.onEnd = () => this.#hearers.delete(end);
        this.#tellHearer(end);
      },
      watch: (end) => {
        end.onMessage = (question) => this.#watch(end, question);
      },
      connect: (end) => {
        end.onMessage = (question) => this.#connect(end, question);
      },
      'get-available': (end) => {
        end.onMessage = (question) => this.#getAvailable(end, question);
      },
      'register-server': (end) => {
        end.onMessage = (question) => this.#take('register-server', end, question);
      },
      'add-master': (end) => {
        end.onMessage = (question) => this.#take('add-master', end, question);
      },
      crash: (end) => {
        end.onMessage = (question) => this.#take('crash', end, question);
      },
    };
  }

  /** Whether its term is the one that the store has. */
  get leads(): boolean {
    return this.#reign !== undefined && this.#parts.etcd.get('leader')?.mod === this.#reign.term;
  }

  /** The reign of a router that leads, and of one that does not know yet that it does not. */
  get reign(): RouterReign | undefined {
    return this.#reign;
  }

  get isWriting(): boolean {
    return this.#writes > 0;
  }

  assignmentOf(cluster: ClusterId): Assignment | undefined {
    return this.leads ? this.#reign?.assignmentOf(cluster) : undefined;
  }

  start(): void {
    const { core, runtime, timing, etcd } = this.#parts;
    this.begin();
    this.#lives += 1;
    this.#records = this.#newRecords();
    const id = `${this.name}.${this.#lives}`;
    const leadership = new core.Leadership({ id, address: this.name, timing });
    this.#leadership = leadership;
    const driver = new runtime.LeadershipDriver(leadership, {
      clock: this.timers,
      store: etcd.for(this.name, this.receiving),
      peers: {
        hear: (address, listener) => this.#hear(address, listener),
        probe: (address, answer) => {
          const isRefused = this.network.refuses(this.name, address);
          this.later(REFUSAL_MS, `${this.name} probes ${address}`, () => answer(isRefused));
        },
      },
      objectionTo: (header) => {
        this.#network ??= header?.value;
        return header?.value === this.#network ? undefined : `the store lacks network ${this.#network}`;
      },
      lead: (fenced) => this.#lead(fenced),
      stepDown: (why, done) => {
        this.#endReign({ reason: 'shutting-down', detail: why });
        done();
      },
      leaderIs: (leader) => {
        this.#leader = leader;
        this.#records.leaderIs(this.#otherLeader);
        for (const end of this.#redirected) this.#tellMember(end);
        for (const end of this.#hearers) this.#tellHearer(end);
      },
      report: (event, text) => this.world.say(this.name, `${event}: ${text}`),
      failed: (error) => {
        throw error;
      },
    });
    this.#driver = driver;
    driver.start();
    this.#every(timing.pingIntervalMs, () => {
      for (const end of this.#hearers) this.#tellHearer(end);
    });
    this.#every(TELL_MS, () => {
      for (const end of this.#redirected) this.#tellMember(end);
    });
  }

  /** Ends in order: another router may lead at once. */
  resign(): void {
    const { life } = this;
    void this.#driver?.resign();
    const look = (): void => {
      if (this.life !== life) return;
      if (this.#leadership?.hasResigned !== true)
        return void this.world.after(RESIGNS_MS, `${this.name} resigns`, look);
      this.#endReign({ reason: 'shutting-down', detail: 'it is shutting down' });
      this.kill();
    };
    look();
  }

  override kill(powerLost = false): void {
    if (!this.running) return;
    this.end(powerLost);
    this.#driver?.stop();
    this.#reign?.stop();
    this.#reign = undefined;
    this.#leadership = undefined;
    this.#driver = undefined;
    this.#leader = undefined;
    this.#network = undefined;
    this.#redirected.clear();
    this.#hearers.clear();
    this.#writes = 0;
    this.dieAfterOutputs = undefined;
  }

  /** An operator wants another router to lead. */
  handOverLeading(): void {
    this.receive(() => this.#driver?.handOver());
  }

  #newRecords(): FollowerRecords {
    return new FollowerRecords(this, this.#parts.core, this.#parts.clusters);
  }

  #lead(fenced: FencedStore): void {
    const { header } = fenced.belongings;
    if (header !== undefined) return this.#begin(fenced, header.value, false);
    const networkId = this.#parts.networkId();
    fenced.write([{ key: 'header', value: networkId }], () => this.#begin(fenced, networkId, true));
  }

  #begin(fenced: FencedStore, networkId: string, isNew: boolean): void {
    this.#network = networkId;
    const { core, timing } = this.#parts;
    const records = fenced.belongings.records.map(({ value }) => JSON.parse(value) as ClusterRecord);
    this.#writes = 0;
    const reign = new RouterReign({
      process: this,
      around: this.#parts,
      networkId,
      records,
      isNew,
      timing: core.timingOfTakeover(timing, records),
      term: fenced.term,
      fence: {
        confirm: (confirmed) => fenced.confirm(confirmed),
        mayPong: () => this.#leadership?.mayPong(this.now) === true,
      },
      persist: (changed, durable) => {
        this.#writes += 1;
        const entries = changed.map((record) => ({
          key: `clusters/${record.cluster}`,
          value: JSON.stringify(record),
        }));
        fenced.write(entries, () => {
          this.#writes -= 1;
          durable();
        });
      },
      hears: (hears) => this.#driver?.hearsMembers(hears),
      perform: (what, work) => this.perform(what, work),
      counts: () => this.#parts.etcd.get('leader')?.mod === fenced.term,
    });
    this.#reign = reign;
    reign.begin();
    this.#records.end();
    for (const end of this.#redirected) {
      this.#tellMember(end);
      end.close();
    }
    this.#redirected.clear();
  }

  #endReign(why: Failure): void {
    const reign = this.#reign;
    this.#reign = undefined;
    reign?.stop();
    reign?.sayGoodbye(why);
  }

  // What it answers.

  #watch(end: AcceptorEnd<'watch'>, question: Wires['watch']['up']): void {
    if (this.#reign !== undefined) this.#reign.watch(end, question);
    else if (this.#records.knows(question.cluster)) this.#records.watch(end, question);
    else this.#passOnStream(end, question);
  }

  #connect(end: AcceptorEnd<'connect'>, question: Wires['connect']['up']): void {
    if (this.#reign !== undefined) return this.#reign.connect(end, question);
    const { networkId } = this.#records;
    const { core, clusters, timing } = this.#parts;
    if (networkId === undefined) return this.#passOn('connect', end, question);
    const cluster = core.clusterOf(question.user, clusters);
    const assignment = this.#records.assignmentOf(cluster);
    end.send(connected({ networkId, cluster, clusters, timing, assignment }));
    end.close();
  }

  #getAvailable(end: AcceptorEnd<'get-available'>, question: Wires['get-available']['up']): void {
    const { networkId } = this.#records;
    const assignment = this.#records.assignmentOf(question.cluster);
    const isKnown = assignment?.available === true && assignment.epoch > question.failedEpoch;
    if (this.#reign !== undefined || networkId === undefined || assignment === undefined || !isKnown)
      return this.#take('get-available', end, question);
    end.send({ kind: 'assignment', networkId, assignment });
    end.close();
  }

  #take<K extends RouterCall>(kind: K, end: AcceptorEnd<K>, question: Wires[K]['up']): void {
    if (this.#reign !== undefined) this.#reign.take(end, question);
    else this.#passOn(kind, end, question);
  }

  /** Once: what another router has passed on is refused where none leads. */
  #passOn<K extends RouterCall | 'connect'>(kind: K, end: AcceptorEnd<K>, question: Wires[K]['up']): void {
    const leader = this.#otherLeader;
    if (leader === undefined || this.#isRouter(end.peer)) return end.close(NOBODY_LEADS);
    const passedOn = call(this, leader, kind, question, PASSED_ON_MS, 'router-unreachable', {
      answered: (answer) => {
        end.send(answer as Parameters<AcceptorEnd<K>['send']>[0]);
        end.close();
      },
      failed: (failure) => end.close(failure),
    });
    end.onEnd = () => passedOn.cancel();
  }

  #passOnStream(end: AcceptorEnd<'watch'>, question: Wires['watch']['up']): void {
    const leader = this.#otherLeader;
    if (leader === undefined || this.#isRouter(end.peer)) return end.close(NOBODY_LEADS);
    const watch = this.network.dial(this, leader, 'watch', question);
    watch.onMessage = (told) => void end.send(told);
    watch.onEnd = () => end.close(NOBODY_LEADS);
    end.onEnd = () => watch.abort();
  }

  #isRouter(caller: string): boolean {
    return /^router-\d$/.test(caller);
  }

  get #otherLeader(): string | undefined {
    return this.#leader?.address === this.name ? undefined : this.#leader?.address;
  }

  #redirect(end: AcceptorEnd<'dual-ping'>): void {
    this.#redirected.add(end);
    end.onEnd = () => this.#redirected.delete(end);
    this.#tellMember(end);
  }

  #tellMember(end: AcceptorEnd<'dual-ping'>): void {
    const { term = 0, address = '' } = this.#leader ?? {};
    end.send({ kind: 'leader-is', term, address });
  }

  #tellHearer(end: AcceptorEnd<'leader'>): void {
    const { term = 0 } = this.#leader ?? {};
    end.send({ kind: 'leader-is', term, leads: this.#leadership?.isSure(this.now) === true });
  }

  #hear(address: string, listener: PeerListener): () => void {
    const end = this.network.dial(this, address, 'leader', { kind: 'leader' });
    end.onMessage = ({ term, leads }) => listener.sign(term, leads);
    end.onEnd = () => listener.ended();
    return () => end.abort();
  }

  #every(intervalMs: number, what: () => void): void {
    this.later(intervalMs, `${this.name} speaks`, () => {
      what();
      this.#every(intervalMs, what);
    });
  }
}
