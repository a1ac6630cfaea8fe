/** A server: the real replica and its real driver, over a simulated disk and network. */
import type {
  ClusterId,
  Position,
  Replica,
  ReplicaInput,
  ReplicaOutput,
  ReplicaTiming,
  ServerId,
  Token,
} from '@dualping/core';
import type { ReplicaDriver, Stopped, Turns } from '@dualping/runtime';
import type { Checkers, Request } from './checkers/checker.js';
import type { Build } from './core.js';
import { DiskJournal, FIRST } from './disk-journal.js';
import type { Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';
import { type Accepting, ServerAcceptors } from './server-acceptors.js';
import { type DiskNews, ServerDisk } from './server-disk.js';
import { ServerNetwork } from './server-network.js';
import { serverNameOf } from './setup.js';

/** From an input to the end of its turn, ms. */
const TURN_MS = 0.2;
/** How often a turn takes longer, and how much at most. */
const LONG_TURN = { chance: 0.02, ms: 20 } as const;

export interface ServerSurroundings extends Surroundings, Build {
  readonly checkers: Checkers;
  readonly timing: ReplicaTiming;
  readonly routers: readonly string[];
  readonly clusters: number;
}

export class ServerProcess extends Process {
  readonly #around: ServerSurroundings;
  readonly acceptors: Acceptors;
  disk: ServerDisk;
  /** Sync of its disks, ms: at least and on average. */
  readonly syncMs = { least: 0.05, mean: 0.3 };
  #replica: Replica | undefined;
  /** Takes streams and calls, while the process runs. */
  #accepting: Accepting | undefined;
  #journals = 1;
  /** Writes that the machine was given and has not done. */
  readonly #asked = new Map<Token, Request>();
  /** Of this step. */
  #outputs: readonly ReplicaOutput[] = [];
  /** The output before which it dies in this step. */
  #undone: ReplicaOutput | undefined;
  #committed = 0;
  #stoppedLife: number | undefined;
  /** Of the next step's outputs only so many are performed, then the process is killed. */
  dieAfterOutputs: number | undefined;
  /** Its last life has ended because it was asked to, and not in the middle of something. */
  endedInOrder = false;
  /** It is gone permanently, with its disk. */
  isLost = false;
  /** Called when the process has ended by itself. */
  onStopped: (stopped: Stopped) => void = () => {};

  constructor(
    readonly id: number,
    readonly cluster: ClusterId,
    around: ServerSurroundings,
    name = serverNameOf(id, cluster),
  ) {
    super(name, around);
    this.#around = around;
    this.disk = this.#newDisk();
    this.acceptors = new ServerAcceptors(
      this,
      around.core,
      around.checkers,
      () => this.#present(),
      () => {
        const { serverId, incarnation, lifeId } = this;
        return around.core.memberServiceName({ cluster, serverId, incarnation, lifeId });
      },
    );
  }

  /** Undefined while the process doesn't run. */
  get replica(): Replica | undefined {
    return this.#replica;
  }
  get incarnation(): number {
    return this.disk.incarnation;
  }
  get serverId(): ServerId {
    return this.id as ServerId;
  }
  get journalId(): string {
    return this.disk.journalId;
  }
  get lifeId(): string {
    return this.disk.lifeId;
  }

  // Its life.

  start(): void {
    const { core, runtime, timing, routers, clusters, checkers } = this.#around;
    this.begin();
    const incarnation = this.disk.raiseIncarnation();
    const { known, olderThan } = this.disk.judged(core.judgeNote);
    if (olderThan !== undefined) {
      this.world.say(this.name, `has an older journal, of which ${olderThan} entries were committed`);
      checkers.tell('tookForOlder', this);
      this.disk.goOnAsNew(this.#nextJournalId());
      checkers.tell('diskChanged', this, 0);
    }
    const { durable, journalId, lifeId, welcomedLife, networkId } = this.disk;
    const { snapshot } = durable;
    const social = core.SocialState.fromSnapshot(snapshot);
    const rest = durable.entries.filter(({ position }) => position > snapshot.position);
    // As production does: what is known as committed is applied as it is read.
    const entries = rest.filter(({ position }) => position > known.committed);
    for (const entry of rest) if (entry.position <= known.committed) social.apply(entry);
    const identity = {
      cluster: this.cluster,
      serverId: this.serverId,
      incarnation,
      journalId,
      lifeId,
      welcomedLife,
      networkId,
      address: this.name,
      routers,
    };
    const replica = new core.Replica(
      {
        identity,
        snapshotAt: snapshot.position,
        social,
        epochStarts: durable.epochStarts(),
        first: FIRST,
        entries,
        checksum: durable.checksum,
        known,
      },
      timing,
    );
    this.#replica = replica;
    const journal = this.#newJournal();
    const driver = new runtime.ReplicaDriver(this.#watched(replica), identity, {
      clock: this.timers,
      turns: this.#turns,
      wallTime: () => this.clock.wall(this.world.now),
      journal,
      network: new ServerNetwork(this, core, this.disk, routers, clusters),
      report: (_event, text) => this.world.say(this.name, text),
      performed: (input) => {
        this.#lookAtAnswers();
        if (this.#undone !== undefined) return this.#dieBefore(this.#undone);
        this.#look();
        if (input.kind === 'snapshot-installed') checkers.tell('serverRebuilt', this);
      },
      stopped: (stopped) => this.#stopped(stopped),
    });
    this.#accepting = { driver, journal };
    this.#committed = snapshot.position;
    checkers.tell('serverRebuilt', this);
    driver.start();
  }

  /** SIGTERM. */
  stop(): void {
    if (!this.running) return;
    this.#stoppedLife = this.life;
    this.receive(() => this.feed({ kind: 'stop' }));
  }

  /** In this life. */
  get isAskedToStop(): boolean {
    return this.running && this.#stoppedLife === this.life;
  }

  kill(powerLost = false): void {
    if (!this.running) return;
    this.endedInOrder = false;
    this.end(powerLost);
    this.#forget();
    this.disk.crash();
  }

  /** The disk is gone, and the identity that was on it. */
  wipe(): void {
    this.#journals += 1;
    this.disk = this.#newDisk();
    this.#around.checkers.tell('diskChanged', this, 0);
  }

  /** Another disk is put in, while it is down. */
  putIn(disk: ServerDisk): void {
    this.disk = disk;
    this.#around.checkers.tell('diskChanged', this, 0);
  }

  /** A server of its own, on another machine, with a copy of this one's folder. */
  twin(name: string): ServerProcess {
    const twin = new ServerProcess(this.id, this.cluster, this.#around, name);
    twin.disk = this.disk.copy(twin.disk.owner);
    return twin;
  }

  feed(input: ReplicaInput): void {
    this.#accepting?.driver.feed(input);
  }

  #present(): Accepting {
    if (this.#accepting === undefined) throw new Error(`${this.name} does not run`);
    return this.#accepting;
  }

  // The disk.

  #nextJournalId(): string {
    this.#journals += 1;
    return `${this.name}-journal-${this.#journals}`;
  }

  #newJournal(): DiskJournal {
    const { checkers } = this.#around;
    return new DiskJournal(this.disk, {
      name: this.name,
      appended: (entries) => checkers.tell('appended', this, entries),
      nextJournalId: () => this.#nextJournalId(),
      renewed: () => checkers.tell('diskChanged', this, 0),
    });
  }

  #newDisk(): ServerDisk {
    return new ServerDisk(
      `${this.name}-journal-${this.#journals}`,
      this.random.fork(`disk ${this.#journals}`),
      {
        syncMs: this.syncMs,
        later: (delayMs, label, work) => {
          const { life } = this;
          this.world.after(delayMs, `${this.name}: ${label}`, () => {
            if (this.life === life) work();
          });
        },
        tell: (news) => this.receive(() => this.#diskTells(news)),
        receive: (work) => this.receive(work),
        changed: (same) => this.#around.checkers.tell('diskChanged', this, same),
      },
    );
  }

  #diskTells(news: DiskNews): void {
    if (news.kind === 'stalled') this.feed({ kind: 'disk-stalled', detail: news.detail });
    else this.#accepting?.journal.hear(news);
  }

  #forget(): void {
    this.#accepting?.driver.stop();
    this.#accepting = undefined;
    this.#replica = undefined;
    this.#asked.clear();
    this.#outputs = [];
    this.#undone = undefined;
    this.dieAfterOutputs = undefined;
  }

  // The machine.

  readonly #turns: Turns = {
    soon: (work) => this.later(0, `${this.name} turn`, work),
    next: (work) => {
      const isLong = this.random.chance(LONG_TURN.chance);
      this.later(this.random.within(0, isLong ? LONG_TURN.ms : TURN_MS), `${this.name} flush`, work);
    },
  };

  #watched(replica: Replica): ConstructorParameters<typeof ReplicaDriver>[0] {
    return {
      step: (now, input) => {
        if (input.kind === 'write') this.#asked.set(input.token, input);
        else if (input.kind === 'write-abandoned') this.#asked.delete(input.token);
        this.#outputs = this.#untilItDies(replica.step(now, input));
        return this.#outputs;
      },
      nextDeadline: () => replica.nextDeadline(),
      positionOf: (post) => replica.positionOf(post),
    };
  }

  /** Of these it performs only so many as it lives for. */
  #untilItDies(outputs: readonly ReplicaOutput[]): readonly ReplicaOutput[] {
    const left = this.dieAfterOutputs;
    if (left === undefined) return outputs;
    this.dieAfterOutputs = left - Math.min(left, outputs.length);
    this.#undone = outputs[left];
    return outputs.slice(0, left);
  }

  #dieBefore({ kind }: ReplicaOutput): void {
    this.world.say(this.name, `dies before it can ${kind}`);
    this.kill();
    this.onStopped({ failed: true, reason: 'internal', detail: 'killed in the middle of a step' });
  }

  #lookAtAnswers(): void {
    for (const output of this.#outputs) if (output.kind === 'answer-write') this.#acknowledged(output);
  }

  #acknowledged({ token, epoch, reply }: Extract<ReplicaOutput, { kind: 'answer-write' }>): void {
    const request = this.#asked.get(token);
    if (request === undefined) return;
    this.#asked.delete(token);
    this.#lookAtCommits();
    this.#around.checkers.tell('acknowledged', this, epoch, request, reply);
  }

  #look(): void {
    this.#lookAtCommits();
    this.#around.checkers.tell('serverStepped', this);
  }

  /**
   * Before any client learns what was committed, and after the entries appended with it are in the journal.
   */
  #lookAtCommits(): void {
    const committed = this.#replica?.ledger.committed;
    if (committed === undefined || committed === this.#committed) return;
    const from = this.#committed as Position;
    this.#committed = committed;
    this.#around.checkers.tell('committed', this, from, committed);
  }

  /** The driver has answered all waiting callers: the process is over. */
  #stopped(stopped: Stopped): void {
    this.#lookAtAnswers();
    // The step that ended it may also have committed, and confirmed that to clients (seed 9004537).
    this.#lookAtCommits();
    this.endedInOrder = !stopped.failed;
    this.end();
    this.#forget();
    this.disk.crash();
    this.onStopped(stopped);
  }
}
