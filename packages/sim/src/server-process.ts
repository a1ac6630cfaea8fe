/**
 * A server: the real replica, with a disk, and streams over the network. Does what `replica-driver.ts` of
 * `@dualping/server` does, and decides nothing.
 */
import type {
  ClusterId,
  Command,
  Entry,
  Failure,
  LinkId,
  Position,
  Post,
  Reason,
  Replica,
  ReplicaInput,
  ReplicaOutput,
  ReplicaTiming,
  RequestNumber,
  ServerId,
  SessionId,
  TailItem,
  Token,
} from '@dualping/core';
import { postIn } from '@dualping/core';
import type { MachineLoop } from '@dualping/runtime';
import { call } from './call.js';
import type { Checkers } from './checkers/checker.js';
import type { Build } from './core.js';
import { entryText } from './entry-text.js';
import type { AcceptorEnd, Acceptors, DiallerEnd } from './network.js';
import { Process, type Surroundings } from './process.js';
import { RouterWatch } from './router-watch.js';
import { type DiskNews, ServerDisk } from './server-disk.js';
import { serverNameOf } from './setup.js';
import type { Installation, Wires, WriteAnswer } from './wires.js';

/** A primary that sends nothing for so long is gone, ms: as in `snapshot-pull.ts`. */
const CHUNK_TIMEOUT_MS = 10_000;
/** From an input to the end of its turn, ms. */
const TURN_MS = 0.2;
/** How often a turn takes longer, and how much at most. */
const LONG_TURN = { chance: 0.02, ms: 20 } as const;
/** How often what a timeline reads has to wait for others' reads, and how long at most, ms. */
const LATE_READ = { chance: 0.3, ms: 50 } as const;

export interface ServerSurroundings extends Surroundings, Build {
  readonly checkers: Checkers;
  readonly timing: ReplicaTiming;
  readonly routers: readonly string[];
  readonly clusters: number;
}

/** How a process ended by itself. */
export interface Stopped {
  readonly failed: boolean;
  readonly reason: Reason;
  readonly detail: string;
}

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { kind: Kind }>;

interface WaitingWrite {
  readonly answer: (answer: WriteAnswer) => void;
  readonly sessionId: SessionId;
  readonly requestNo: RequestNumber;
  readonly command: Command;
}

export class ServerProcess extends Process {
  readonly #around: ServerSurroundings;
  readonly acceptors: Acceptors;
  disk: ServerDisk;
  /** Sync of its disks, ms: at least and on average. */
  readonly syncMs = { least: 0.05, mean: 0.3 };
  #replica: Replica | undefined;
  #journals = 1;
  /** Streams to routers by attempt. */
  #routers = new Map<number, DiallerEnd<'dual-ping'>>();
  #primary: { readonly attempt: number; readonly end: DiallerEnd<'replicate'> } | undefined;
  #standbys = new Map<LinkId, AcceptorEnd<'replicate'>>();
  #snapshots = new Map<Token, AcceptorEnd<'snapshot'>>();
  #writes = new Map<Token, WaitingWrite>();
  #watchesOthers = false;
  #lists = new Map<Token, AcceptorEnd<'list'>>();
  #timelines = new Map<LinkId, AcceptorEnd<'timeline'>>();
  /** Timelines with a read that is not out yet. */
  readonly #reading = new Set<LinkId>();
  /** Of these, those whose read is sent and fills the stream. */
  readonly #undrained = new Set<LinkId>();
  /** Streams to other clusters by attempt, and from them. */
  #tails = new Map<number, DiallerEnd<'tail'>>();
  #tailed = new Map<LinkId, AcceptorEnd<'tail'>>();
  #loop: MachineLoop<ReplicaInput, ReplicaOutput> | undefined;
  #flushPending = false;
  #links = 0;
  #committed = 0;
  #stoppedLife: number | undefined;
  /** Of the next step's outputs only so many are performed, then the process is killed. */
  dieAfterOutputs: number | undefined;
  /** Its last life has ended because it was asked to, and not in the middle of something. */
  endedInOrder = false;
  /** It is gone for good, with its disk. */
  isLost = false;
  /** Told when the process has ended by itself. */
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
    this.acceptors = {
      replicate: (end) => this.#acceptStandby(end),
      snapshot: (end) => this.#acceptSnapshot(end),
      write: (end) => this.#acceptWrite(end),
      list: (end) => this.#acceptList(end),
      timeline: (end) => this.#acceptTimeline(end),
      tail: (end) => this.#acceptTail(end),
      health: (end) => this.#acceptHealth(end),
    };
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
    const { core, runtime, timing, routers } = this.#around;
    this.begin();
    this.#watchesOthers = false;
    const incarnation = this.disk.raiseIncarnation();
    const { durable, journalId, lifeId, welcomedLife, networkId, known } = this.disk;
    const { snapshot } = durable;
    this.#replica = new core.Replica(
      {
        identity: {
          cluster: this.cluster,
          serverId: this.serverId,
          incarnation,
          journalId,
          lifeId,
          welcomedLife,
          networkId,
          address: this.name,
          routers,
        },
        snapshotAt: snapshot.position,
        social: core.SocialState.fromSnapshot(snapshot),
        epochStarts: durable.epochStarts(),
        first: durable.first as Position,
        entries: durable.entries.filter((entry) => entry.position > snapshot.position),
        checksum: durable.checksum,
        known,
      },
      timing,
    );
    this.#loop = new runtime.MachineLoop(this.#replica, {
      clock: this.timers,
      perform: (output) => this.#performOrDie(output),
      performed: (input) => {
        this.#look();
        if (input.kind === 'snapshot-installed') this.#around.checkers.tell('serverRebuilt', this);
        if (input.kind !== 'flush' && input.kind !== 'tick') this.#flushSoon();
      },
    });
    this.#committed = snapshot.position;
    this.#around.checkers.tell('serverRebuilt', this);
    this.feed({ kind: 'start' });
    if (networkId !== '') this.#watchOthers();
  }

  /** Once it is known of which network the server is. */
  #watchOthers(): void {
    const { clusters, routers } = this.#around;
    if (clusters === 1 || this.#watchesOthers) return;
    this.#watchesOthers = true;
    new RouterWatch(this, routers, undefined, (networkId, assignment) =>
      this.feed({ kind: 'cluster-assigned', networkId, assignment }),
    ).open();
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
    this.#loop?.feed(input);
  }

  /** Its files are an older copy of what their journal id names. */
  #renewJournal(): void {
    this.#journals += 1;
    this.disk.renew(`${this.name}-journal-${this.#journals}`, (journalId) => {
      this.#around.checkers.tell('diskChanged', this, 0);
      this.feed({ kind: 'journal-renewed', journalId });
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
        changed: (same) => this.#around.checkers.tell('diskChanged', this, same),
      },
    );
  }

  #forget(): void {
    this.#loop?.stop();
    this.#loop = undefined;
    this.#replica = undefined;
    this.#routers = new Map();
    this.#primary = undefined;
    this.#standbys = new Map();
    this.#snapshots = new Map();
    this.#writes = new Map();
    this.#lists = new Map();
    this.#timelines = new Map();
    this.#reading.clear();
    this.#tails = new Map();
    this.#tailed = new Map();
    this.#flushPending = false;
    this.dieAfterOutputs = undefined;
  }

  // The machine.

  #look(): void {
    this.#lookAtCommits();
    this.#around.checkers.tell('serverStepped', this);
  }

  /** Before anybody is told of what was committed, and after what was appended with it is in the journal. */
  #lookAtCommits(): void {
    const committed = this.#replica?.ledger.committed;
    if (committed === undefined || committed === this.#committed) return;
    const from = this.#committed as Position;
    this.#committed = committed;
    this.#around.checkers.tell('committed', this, from, committed);
  }

  #flushSoon(): void {
    if (this.#flushPending) return;
    this.#flushPending = true;
    const isLong = this.random.chance(LONG_TURN.chance);
    this.later(this.random.within(0, isLong ? LONG_TURN.ms : TURN_MS), `${this.name} flush`, () => {
      this.#flushPending = false;
      this.feed({ kind: 'flush' });
    });
  }

  #performOrDie(output: ReplicaOutput): void {
    if (this.dieAfterOutputs === 0) {
      this.world.say(this.name, `dies before it can ${output.kind}`);
      this.kill();
      return this.onStopped({ failed: true, reason: 'internal', detail: 'killed in the middle of a step' });
    }
    if (this.dieAfterOutputs !== undefined) this.dieAfterOutputs -= 1;
    this.#perform(output);
  }

  #perform(output: ReplicaOutput): void {
    switch (output.kind) {
      case 'append':
        this.disk.write({ kind: 'append', entries: output.entries });
        return this.#around.checkers.tell('appended', this, output.entries);
      case 'truncate':
        return this.disk.write({ kind: 'truncate', after: output.after });
      case 'save-snapshot':
        return this.disk.keepSnapshot(output.snapshot);
      case 'note-welcome':
        this.disk.noteWelcome(output.networkId, output.lifeId);
        return this.#watchOthers();
      case 'note-known':
        return this.disk.noteKnown(output.known);
      case 'renew-journal':
        return this.#renewJournal();
      case 'open-router':
        return this.#openRouter(output);
      case 'to-router':
        this.#routers.get(output.attempt)?.send(output.message);
        return;
      case 'close-router':
        this.#routers.get(output.attempt)?.close();
        this.#routers.delete(output.attempt);
        return;
      case 'open-primary':
        return this.#openPrimary(output);
      case 'to-primary':
        if (this.#primary?.attempt === output.attempt) this.#primary.end.send(output.message);
        return;
      case 'close-primary':
        if (this.#primary?.attempt === output.attempt) this.#primary.end.close();
        return;
      case 'pull-snapshot':
        return this.#pullSnapshot(output);
      case 'keep-warm':
        return;
      case 'probe-member':
        return this.#probeMember(output);
      case 'to-standby':
        return this.#toStandby(output);
      case 'close-standby':
        this.#standbys.get(output.link)?.close();
        this.#standbys.delete(output.link);
        return;
      case 'send-snapshot':
        return this.#sendSnapshot(output);
      case 'end-snapshot':
        this.#snapshots.get(output.token)?.close(failureOf(output));
        this.#snapshots.delete(output.token);
        return;
      case 'open-tail':
        return this.#openTail(output);
      case 'ask-tail':
        this.#tails.get(output.attempt)?.send(output.message);
        return;
      case 'close-tail':
        this.#tails.get(output.attempt)?.close();
        this.#tails.delete(output.attempt);
        return;
      case 'tell-tail':
        return this.#tellTail(output);
      case 'end-tail':
        this.#tailed.get(output.link)?.close(failureOf(output));
        this.#tailed.delete(output.link);
        return;
      case 'answer-write':
        return this.#answerWrite(output);
      case 'answer-list':
        return this.#answerList(output);
      case 'refuse':
        return this.#refuse(output.token, failureOf(output));
      case 'timeline-opened': {
        const { epoch, serverId, committed, signs } = output;
        this.#timelines.get(output.timeline)?.send({ kind: 'opened', epoch, serverId, committed, signs });
        return;
      }
      case 'timeline-sign': {
        const end = this.#timelines.get(output.timeline);
        if (end?.outgoing.length === 0) end.send({ kind: 'sign', signs: output.signs });
        return;
      }
      case 'timeline-posts': {
        const end = this.#timelines.get(output.timeline);
        this.#around.checkers.tell('shown', this, output.posts.length);
        if (end !== undefined && !end.send({ kind: 'posts', posts: output.posts }))
          this.feed({ kind: 'timeline-full', timeline: output.timeline });
        return;
      }
      case 'timeline-read':
        return this.#readTimeline(output);
      case 'timeline-page': {
        const { before, oldest } = output;
        const posts = this.#readPosts(output);
        this.#timelines.get(output.timeline)?.send({ kind: 'page', before, posts, oldest });
        return;
      }
      case 'timeline-answered':
        return; // the people of the simulator do not ask for it
      case 'timeline-end':
        this.#timelines.get(output.timeline)?.close(failureOf(output));
        this.#timelines.delete(output.timeline);
        return;
      case 'report':
        return this.world.say(this.name, output.text);
      case 'stopped': {
        const { failed, reason, detail } = output;
        return this.#stopped({ failed, reason, detail });
      }
    }
  }

  /** What waits is told so in order, and then the process is over. */
  #stopped(stopped: Stopped): void {
    const failure: Failure = {
      reason: stopped.failed ? 'not-primary' : 'shutting-down',
      detail: stopped.detail,
    };
    for (const token of [...this.#writes.keys(), ...this.#lists.keys()]) this.#refuse(token, failure);
    for (const end of this.#timelines.values()) end.close(failure);
    for (const end of this.#standbys.values()) end.close();
    for (const end of this.#tails.values()) end.close();
    for (const end of this.#tailed.values()) end.close(failure);
    this.endedInOrder = !stopped.failed;
    this.end();
    this.#forget();
    this.disk.crash();
    this.onStopped(stopped);
  }

  // Health.

  #acceptHealth(end: AcceptorEnd<'health'>): void {
    end.onMessage = ({ service }) => {
      const { cluster, serverId, incarnation, lifeId } = this;
      if (service === this.#around.core.memberServiceName({ cluster, serverId, incarnation, lifeId })) {
        end.send({ kind: 'serving' });
        end.close();
      } else end.close({ reason: 'not-a-server', detail: `there is no service ${service}` });
    };
  }

  #probeMember({ probe, address, service, timeoutMs }: OutputOf<'probe-member'>): void {
    const answer = (isReached: boolean): void => this.feed({ kind: 'member-probed', probe, isReached });
    call(this, address, 'health', { kind: 'health', service }, timeoutMs, 'server-unreachable', {
      answered: () => answer(true),
      failed: () => answer(false),
    });
  }

  // The disk.

  #diskTells(news: DiskNews): void {
    switch (news.kind) {
      case 'durable':
        return this.feed({ kind: 'durable', position: news.last as Position, checksum: news.checksum });
      case 'truncated':
        return this.feed({ kind: 'truncated', last: news.last as Position, checksum: news.checksum });
      case 'installed': {
        const { snapshot, epochStarts, checksum } = news.installation;
        return this.feed({ kind: 'snapshot-installed', snapshot, epochStarts, checksum });
      }
      case 'welcome-noted':
        return this.feed({ kind: 'welcome-noted' });
      case 'stalled':
        return this.feed({ kind: 'disk-stalled', detail: news.detail });
      case 'failed':
        return this.feed({ kind: 'journal-failed', detail: news.detail });
    }
  }

  // Streams that it opens.

  #openRouter({ attempt, address, message }: OutputOf<'open-router'>): void {
    const end = this.network.dial(this, address, 'dual-ping', message);
    end.onMessage = (heard) => this.feed({ kind: 'router-message', attempt, message: heard });
    end.onEnd = ({ kind }) => {
      this.#routers.delete(attempt);
      this.feed({ kind: 'router-ended', attempt, detail: kind });
    };
    this.#routers.set(attempt, end);
  }

  #openPrimary({ attempt, address, message }: OutputOf<'open-primary'>): void {
    const end = this.network.dial(this, address, 'replicate', message);
    end.onMessage = ({ message: heard, entries }) => {
      const { image } = this.disk;
      const isHere = heard.kind === 'joined' && heard.common <= image.last && heard.common >= image.first - 1;
      const checksum = isHere ? image.checksumAt(heard.common) : undefined;
      this.feed({ kind: 'primary-message', attempt, message: heard, entries, checksum });
    };
    end.onEnd = ({ kind }) => this.feed({ kind: 'primary-ended', attempt, detail: kind });
    this.#primary = { attempt, end };
  }

  #openTail({ attempt, address, message }: OutputOf<'open-tail'>): void {
    const end = this.network.dial(this, address, 'tail', message);
    end.onMessage = (batch) => this.feed({ kind: 'tail-heard', attempt, batch });
    end.onEnd = (how) => {
      this.#tails.delete(attempt);
      const detail = how.kind === 'ended' ? (how.failure?.reason ?? 'ended') : 'broken';
      this.feed({ kind: 'tail-broken', attempt, detail });
    };
    this.#tails.set(attempt, end);
  }

  #pullSnapshot({ address, question }: OutputOf<'pull-snapshot'>): void {
    const end = this.network.dial(this, address, 'snapshot', { kind: 'get-follower-info', ...question });
    let heard = 0;
    const fail = (detail: string): void => this.feed({ kind: 'snapshot-failed', detail });
    const listen = (): void => {
      const before = heard;
      this.later(CHUNK_TIMEOUT_MS, `${this.name} waits for a chunk`, () => {
        if (end.over || heard !== before) return;
        end.abort();
        fail('nothing came');
      });
    };
    end.onMessage = (chunk) => {
      heard += 1;
      if (chunk.kind === 'chunk') return listen();
      end.close();
      this.disk.write({ kind: 'install', installation: chunk.installation });
    };
    end.onEnd = (how) => fail(how.kind === 'ended' ? (how.failure?.reason ?? 'broke off') : 'broken');
    listen();
  }

  // Streams and calls that come to it.

  #number(): number {
    this.#links += 1;
    return this.#links;
  }

  #acceptStandby(end: AcceptorEnd<'replicate'>): void {
    const link = this.#number();
    this.#standbys.set(link, end);
    end.onMessage = (message) => {
      this.#around.checkers.tell('fromStandby', this, end, message);
      this.feed({ kind: 'standby-message', link, message });
    };
    end.onEnd = ({ kind }) => {
      this.#standbys.delete(link);
      this.feed({ kind: 'standby-ended', link, detail: kind });
    };
  }

  #toStandby({ link, message }: OutputOf<'to-standby'>): void {
    const end = this.#standbys.get(link);
    if (end === undefined) return;
    this.#around.checkers.tell('toStandby', this, end, message);
    const entries: Entry[] = [];
    if (message.kind === 'entries')
      for (let at: number = message.from; at <= message.to; at += 1) {
        const entry = this.disk.image.read(at);
        if (entry === undefined) throw new Error(`${this.name} has no entry ${at} to send`);
        entries.push(entry);
      }
    const sent =
      message.kind === 'joined'
        ? { ...message, checksum: this.disk.image.checksumAt(message.common) }
        : message;
    end.send({ kind: message.kind, message: sent, entries });
  }

  #acceptTail(end: AcceptorEnd<'tail'>): void {
    const link = this.#number();
    this.#tailed.set(link, end);
    end.onMessage = (message) => this.feed({ kind: 'tail-asked', link, message });
    end.onEnd = () => {
      this.#tailed.delete(link);
      this.feed({ kind: 'tail-ended', link });
    };
  }

  #tellTail({ link, batch }: OutputOf<'tell-tail'>): void {
    const end = this.#tailed.get(link);
    if (end === undefined) return;
    this.#around.checkers.tell('tellsOthers', this, batch);
    const items = batch.items.map((item): TailItem => {
      if (item.kind !== 'post') return item;
      const [post] = this.#postsAt([item.position]);
      if (post === undefined) throw new Error(`${this.name} has no post ${item.position} to tell`);
      const { position, author: user, text, timeMs, answers } = post;
      return { kind: 'post', position, user, text, timeMs, ...(answers !== undefined && { answers }) };
    });
    end.send({ ...batch, items });
  }

  #acceptSnapshot(end: AcceptorEnd<'snapshot'>): void {
    const token = this.#number();
    end.onMessage = ({ kind: _, ...question }) => {
      this.#snapshots.set(token, end);
      this.feed({ kind: 'snapshot-asked', token, ...question });
    };
    end.onEnd = () => this.#snapshotEnded(token);
  }

  #snapshotEnded(token: Token): void {
    if (this.#snapshots.delete(token)) this.feed({ kind: 'snapshot-ended', token });
  }

  #sendSnapshot({ token, copy }: OutputOf<'send-snapshot'>): void {
    const end = this.#snapshots.get(token);
    if (end === undefined) return;
    const { snapshot, epochStarts } = copy;
    const { image } = this.disk;
    const installation: Installation = {
      snapshot,
      epochStarts,
      checksum: image.checksumAt(snapshot.position),
      posts: image.postsThrough(snapshot.position),
    };
    for (let chunk = this.random.between(0, 3); chunk > 0; chunk -= 1) end.send({ kind: 'chunk' });
    end.send({ kind: 'whole', installation });
    end.close();
    this.#snapshotEnded(token);
  }

  #acceptWrite(end: AcceptorEnd<'write'>): void {
    let token: Token | undefined;
    end.onMessage = (write) => {
      token = this.#takeWrite(write, (answer) => {
        if (answer.kind === 'written') {
          end.send(answer);
          end.close();
        } else end.close({ reason: answer.reason, detail: answer.detail });
      });
    };
    end.onEnd = () => this.#abandonWrite(token);
  }

  #takeWrite(
    { sessionId, requestNo, epoch, command }: Omit<Wires['write']['up'], 'kind'>,
    answer: WaitingWrite['answer'],
  ): Token {
    const token = this.#number();
    this.#writes.set(token, { answer, sessionId, requestNo, command });
    const timeMs = this.clock.wall(this.world.now);
    this.feed({ kind: 'write', token, sessionId, requestNo, epoch, command, timeMs });
    return token;
  }

  #abandonWrite(token: Token | undefined): void {
    if (token !== undefined && this.#writes.delete(token)) this.feed({ kind: 'write-abandoned', token });
  }

  #answerWrite({ token, epoch, reply }: OutputOf<'answer-write'>): void {
    const write = this.#writes.get(token);
    if (write === undefined) return;
    this.#writes.delete(token);
    const { answer, sessionId, requestNo } = write;
    this.#lookAtCommits();
    this.#around.checkers.tell('acknowledged', this, epoch, { sessionId, requestNo }, reply);
    if (reply.kind === 'ok') answer({ kind: 'written', position: reply.position, epoch });
    else answer({ kind: 'failed', reason: reply.reason, detail: `at ${reply.position}` });
  }

  #acceptList(end: AcceptorEnd<'list'>): void {
    const token = this.#number();
    end.onMessage = (question) => {
      this.#lists.set(token, end);
      this.feed({ ...question, token });
    };
    end.onEnd = () => this.#lists.delete(token);
  }

  #answerList({ token, page }: OutputOf<'answer-list'>): void {
    const end = this.#lists.get(token);
    this.#lists.delete(token);
    end?.send({ kind: 'lists', lists: page });
    end?.close();
  }

  #refuse(token: Token, failure: Failure): void {
    this.#writes.get(token)?.answer({ kind: 'failed', ...failure });
    this.#writes.delete(token);
    this.#lists.get(token)?.close(failure);
    this.#lists.delete(token);
  }

  #acceptTimeline(end: AcceptorEnd<'timeline'>): void {
    const timeline = this.#number();
    const waiting: Token[] = [];
    this.#timelines.set(timeline, end);
    end.onMessage = (message) => {
      if (message.kind === 'older') {
        const { before, limit } = message;
        return this.feed({ kind: 'timeline-older', timeline, before, limit });
      }
      if (message.kind === 'alive') return this.feed({ kind: 'timeline-alive', timeline });
      if (message.kind === 'writes') {
        const { sessionId, epoch, writes } = message;
        for (const { requestNo, command } of writes)
          waiting.push(
            this.#takeWrite({ sessionId, epoch, requestNo, command }, (answer) =>
              end.send({ kind: 'answer', requestNo, answer }),
            ),
          );
        return this.feed({ kind: 'timeline-alive', timeline });
      }
      this.feed({ ...message, kind: 'timeline-open', timeline });
    };
    end.onEnd = () => {
      for (const token of waiting) this.#abandonWrite(token);
      this.#timelines.delete(timeline);
      this.feed({ kind: 'timeline-ended', timeline });
    };
    end.onDrain = () => {
      if (this.#undrained.has(timeline)) this.#readOut(timeline);
      else if (!this.#reading.has(timeline)) this.feed({ kind: 'timeline-writable', timeline });
    };
  }

  /** In its turn: others' reads may come first. What drains before it is out is something else. */
  #readTimeline({ timeline, ...wanted }: OutputOf<'timeline-read'>): void {
    this.#reading.add(timeline);
    const waits = this.random.chance(LATE_READ.chance) ? this.random.within(0, LATE_READ.ms) : 0;
    this.later(waits, `${this.name} read`, () => {
      const end = this.#timelines.get(timeline);
      if (end === undefined) this.#reading.delete(timeline);
      else if (end.send({ kind: 'posts', posts: this.#readPosts(wanted) }))
        this.later(0, `${this.name} turn`, () => this.#readOut(timeline));
      else this.#undrained.add(timeline);
    });
  }

  #readOut(timeline: LinkId): void {
    this.#reading.delete(timeline);
    this.#undrained.delete(timeline);
    this.feed({ kind: 'timeline-read-out', timeline });
  }

  #readPosts({ positions, unfollowed }: Pick<OutputOf<'timeline-read'>, 'positions' | 'unfollowed'>): Post[] {
    this.#around.checkers.tell('shown', this, positions.length);
    const isStrange = (post: Post): boolean => unfollowed.includes(post.position);
    return this.#postsAt(positions).map((post) => (isStrange(post) ? { ...post, unfollowed: true } : post));
  }

  #postsAt(positions: readonly Position[]): Post[] {
    return positions.map((at) => {
      const entry = this.disk.image.read(at);
      if (entry === undefined) throw new Error(`${this.name} has no entry ${at} to show`);
      const post = postIn(entry);
      if (post === undefined) throw new Error(`${this.name} is to show ${entryText(entry)}`);
      return post;
    });
  }
}

const failureOf = ({ reason, detail }: Failure): Failure => ({ reason, detail });
