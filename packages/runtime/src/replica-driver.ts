/**
 * Drives a replica: says what each of its outputs means.
 *
 *     streams, calls, disk, timer ──input──► Replica.step ──outputs, in order──► streams, calls, disk
 *
 * After each turn of the event loop a `flush` lets the machine send what it gathered, so that one message
 * carries everything that arrived in one turn. The driver keeps what is in flight: calls, timelines,
 * standbys, other clusters that read here.
 */
import {
  actionFor,
  type ClientWrite,
  type Failure,
  type KeysQuestion,
  type ListPage,
  type ListQuestion,
  type Machine,
  type MemberMessage,
  type NetworkId,
  type OperatorAsk,
  type Position,
  type PostReference,
  type PrimaryMessage,
  type ReplicaIdentity,
  type ReplicaInput,
  type ReplicaOutput,
  referenceIn,
  type SnapshotQuestion,
  type StandbyMessage,
  type TailMessage,
  type Token,
  type UserKey,
  unreachable,
  type Written,
} from '@dualping/core';
import { firstWords } from './first-words.js';
import { MachineLoop } from './machine-loop.js';
import { PendingCalls } from './pending-calls.js';
import type {
  DiskAsker,
  OpenedStream,
  ReplicaPorts,
  SnapshotCall,
  SnapshotListener,
  StandbyStream,
  Stopped,
  StreamListener,
  TailReader,
} from './replica-ports.js';
import type { Asker, Cancel } from './session-driver.js';
import { StandbyStreams } from './standby-streams.js';
import { storageFailure } from './storage-failure.js';
import { TailFeeds } from './tail-feeds.js';
import type { TimelineSink } from './timeline-sink.js';
import { type TimelineListener, TimelineStreams } from './timeline-streams.js';

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { readonly kind: Kind }>;

/** What a driver needs of a replica. */
export interface DrivenReplica extends Machine<ReplicaInput, ReplicaOutput> {
  /** The position of a post in the journal. */
  positionOf(post: PostReference): Position | undefined;
}

export class ReplicaDriver {
  readonly #replica: DrivenReplica;
  readonly #identity: Pick<ReplicaIdentity, 'cluster' | 'networkId'>;
  readonly #ports: ReplicaPorts;
  readonly #loop: MachineLoop<ReplicaInput, ReplicaOutput>;
  readonly #calls: PendingCalls;
  readonly #timelines: TimelineStreams;
  readonly #standbys: StandbyStreams;
  readonly #feeds: TailFeeds;
  /** Streams to routers, and to the primaries of other clusters, by attempt. */
  readonly #routers = new Map<number, OpenedStream<MemberMessage>>();
  readonly #tails = new Map<number, OpenedStream<TailMessage>>();
  #primary: { readonly attempt: number; readonly stream: OpenedStream<StandbyMessage> } | undefined;
  /** Ends the watch of all clusters, once there is one. */
  #unwatch: Cancel | undefined;
  #flushPending = false;
  #numbers = 0;

  /** @param identity the machine's identity at the start */
  constructor(
    replica: DrivenReplica,
    identity: Pick<ReplicaIdentity, 'cluster' | 'networkId'>,
    ports: ReplicaPorts,
  ) {
    this.#replica = replica;
    this.#identity = identity;
    this.#ports = ports;
    const { journal, clock, turns, failed } = ports;
    this.#loop = new MachineLoop<ReplicaInput, ReplicaOutput>(replica, {
      clock,
      perform: (output) => this.#perform(output),
      performed: (input, outputs) => {
        ports.performed?.(input, outputs);
        const isOver = this.#loop.isStopped || input.kind === 'flush' || input.kind === 'tick';
        if (!isOver) this.#flushSoon();
      },
      ...(failed !== undefined && { failed: (error: unknown) => this.#end(failed(error)) }),
    });
    const { feed } = this;
    this.#calls = new PendingCalls(feed);
    this.#standbys = new StandbyStreams(journal, feed);
    this.#feeds = new TailFeeds(journal, feed);
    this.#timelines = new TimelineStreams({
      journal,
      clock,
      turns,
      feed,
      run: (work) => this.#loop.run(work),
      locate: (post) => replica.positionOf(post),
      take: ({ user, command, ...request }, asker) =>
        this.#takeWrite({ ...request, command: { ...command, user } }, asker),
      abandon: (token) => this.#calls.abandonWrite(token),
      soon: (work) => turns.soon(work),
    });
    journal.listen({
      durable: (position, checksum) => feed({ kind: 'durable', position, checksum }),
      failed: (detail) => feed({ kind: 'journal-failed', detail }),
    });
  }

  /** Called once, when callers can reach it. */
  start(): void {
    this.feed({ kind: 'start' });
    const { networkId } = this.#identity;
    if (networkId !== '') this.#watchClusters(networkId);
  }

  readonly feed = (input: ReplicaInput): void => this.#loop.feed(input);

  /** Nothing is performed or sent any more: as if the process had ended. */
  stop(): void {
    this.#loop.stop();
  }

  // What comes from outside.

  /** @returns a function to call when the caller no longer waits for the answer */
  write(request: ClientWrite, asker: Asker<Written>): Cancel {
    const token = this.#takeWrite(request, asker);
    return () => this.#calls.abandonWrite(token);
  }

  list(question: ListQuestion, asker: Asker<ListPage>): void {
    const token = this.#number();
    this.#calls.addList(token, asker);
    this.feed({ kind: 'list', token, ...question });
  }

  keys(question: KeysQuestion, asker: Asker<readonly UserKey[]>): void {
    const token = this.#number();
    this.#calls.addKeys(token, asker);
    this.feed({ kind: 'keys', token, ...question });
  }

  /** For an operator. */
  operate(ask: OperatorAsk, asker: Asker<Written>): void {
    const token = this.#number();
    this.#calls.addWrite(token, ask.command, asker);
    this.feed({ kind: 'operate', token, timeMs: this.#ports.wallTime(), ...ask });
  }

  /** @param peer the connection that it is on, by any name */
  acceptTimeline(peer: string, sink: TimelineSink): TimelineListener {
    return this.#timelines.add(this.#number(), peer, sink);
  }

  acceptStandby(stream: StandbyStream): StreamListener<StandbyMessage> {
    return this.#standbys.add(this.#number(), stream);
  }

  acceptTail(reader: TailReader): StreamListener<TailMessage> {
    return this.#feeds.add(this.#number(), reader);
  }

  acceptSnapshotCall(question: SnapshotQuestion, call: SnapshotCall): SnapshotListener {
    const token = this.#number();
    const listener = this.#standbys.addSnapshot(token, call);
    this.feed({ kind: 'snapshot-asked', token, ...question });
    return listener;
  }

  #takeWrite(given: ClientWrite, asker: Asker<Written>): Token {
    const request = this.#withBegin(given);
    const token = this.#number();
    this.#calls.addWrite(token, request.command, asker);
    this.feed({ kind: 'write', token, timeMs: this.#ports.wallTime(), ...request });
    return token;
  }

  /**
   * Readers see the first words of the answered post. They are taken from the journal, not from the client.
   */
  #withBegin(request: ClientWrite): ClientWrite {
    const { command } = request;
    if (command.kind !== 'post' || command.answers === undefined) return request;
    const { cluster } = this.#identity;
    const begin = firstWords(this.#ports.journal, referenceIn(cluster, cluster, command.answers), (post) =>
      this.#replica.positionOf(post),
    );
    if (begin === undefined) return request;
    return { ...request, command: { ...command, answers: { ...command.answers, begin } } };
  }

  /** The number of a stream or call that another part has opened. */
  #number(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  // The machine's outputs.

  #flushSoon(): void {
    if (this.#flushPending) return;
    this.#flushPending = true;
    this.#ports.turns.next(() => {
      this.#flushPending = false;
      this.feed({ kind: 'flush' });
    });
  }

  #perform(output: ReplicaOutput): void {
    const { journal, network } = this.#ports;
    switch (output.kind) {
      case 'append':
        return journal.append(output.entries);
      case 'truncate':
        return this.#truncate(output);
      case 'save-snapshot':
        return journal.saveSnapshot(output.snapshot, output.epochStarts);
      case 'note-welcome':
        return this.#noteWelcome(output);
      case 'note-known':
        return journal.noteKnown(output.known);
      case 'renew-journal':
        return journal.renew(this.#orFail((journalId) => this.feed({ kind: 'journal-renewed', journalId })));
      case 'open-router':
        return this.#openRouter(output);
      case 'to-router':
        return this.#routers.get(output.attempt)?.send(output.message);
      case 'close-router':
        this.#routers.get(output.attempt)?.close();
        this.#routers.delete(output.attempt);
        return;
      case 'open-primary':
        return this.#openPrimary(output);
      case 'to-primary':
        if (this.#primary?.attempt === output.attempt) this.#primary.stream.send(output.message);
        return;
      case 'close-primary':
        if (this.#primary?.attempt === output.attempt) this.#primary.stream.close();
        return;
      case 'pull-snapshot':
        return this.#pullSnapshot(output);
      case 'probe-port':
        return network.probePort(output.address, () =>
          this.feed({ kind: 'port-refused', attempt: output.attempt }),
        );
      case 'probe-member':
        return this.#probeMember(output);
      case 'keep-warm':
        return network.keepWarm(output.addresses);
      case 'to-standby':
        return this.#standbys.send(output);
      case 'close-standby':
        return this.#standbys.close(output.link);
      case 'send-snapshot':
        return this.#standbys.sendSnapshot(output);
      case 'end-snapshot':
        return this.#standbys.endSnapshot(output.token, failureIn(output));
      case 'open-tail':
        return this.#openTail(output);
      case 'ask-tail':
        return this.#tails.get(output.attempt)?.send(output.message);
      case 'close-tail':
        this.#tails.get(output.attempt)?.close();
        this.#tails.delete(output.attempt);
        return;
      case 'tell-tail':
        return this.#feeds.tell(output);
      case 'end-tail':
        return this.#feeds.end(output.link, failureIn(output));
      case 'answer-write':
        return this.#calls.answerWrite(output);
      case 'answer-list':
        return this.#calls.answerList(output);
      case 'answer-keys':
        return this.#calls.answerKeys(output);
      case 'refuse':
        return this.#calls.refuse(output.token, failureIn(output));
      case 'timeline-opened':
        return this.#timelines.opened(output);
      case 'timeline-sign':
        return this.#timelines.sign(output);
      case 'timeline-posts':
        return this.#timelines.posts(output);
      case 'timeline-read':
        return this.#timelines.read(output);
      case 'timeline-page':
        return this.#timelines.page(output);
      case 'timeline-answered':
        return this.#timelines.answered(output);
      case 'timeline-end':
        return this.#timelines.end(output.timeline, failureIn(output));
      case 'report':
        return this.#ports.report(output.event, output.text);
      case 'stopped': {
        const { failed, reason, detail } = output;
        return this.#end({ failed, reason, detail });
      }
      default:
        return unreachable(output);
    }
  }

  #truncate({ after }: OutputOf<'truncate'>): void {
    // Read now: before this cut is durable, another cut may be made further back.
    const checksum = this.#checksumAt(after);
    if (checksum === undefined) return;
    this.#ports.journal.truncateAfter(
      after,
      this.#orFail(() => this.feed({ kind: 'truncated', last: after, checksum })),
    );
  }

  /** Undefined: it can't be read. */
  #checksumAt(position: Position): number | undefined {
    try {
      return this.#ports.journal.checksumAt(position);
    } catch (error) {
      this.feed({ kind: 'journal-failed', detail: storageFailure(error).detail });
      return undefined;
    }
  }

  #noteWelcome({ networkId, lifeId }: OutputOf<'note-welcome'>): void {
    this.#watchClusters(networkId);
    this.#ports.journal.noteWelcome(
      networkId,
      lifeId,
      this.#orFail(() => this.feed({ kind: 'welcome-noted' })),
    );
  }

  /** Called when the server's network is known. */
  #watchClusters(networkId: NetworkId): void {
    this.#unwatch ??= this.#ports.network.watchClusters(networkId, (of, assignment) =>
      this.feed({ kind: 'cluster-assigned', networkId: of, assignment }),
    );
  }

  #openRouter({ attempt, address, message }: OutputOf<'open-router'>): void {
    const stream = this.#ports.network.openRouter(address, message, {
      heard: (heard) => this.feed({ kind: 'router-message', attempt, message: heard }),
      ended: (detail) => {
        this.#routers.delete(attempt);
        this.feed({ kind: 'router-ended', attempt, detail });
      },
    });
    this.#routers.set(attempt, stream);
  }

  #openPrimary({ attempt, address, message }: OutputOf<'open-primary'>): void {
    const stream = this.#ports.network.openPrimary(address, message, {
      heard: (heard, entries) => {
        const checksum = this.#checksumFor(heard);
        this.feed({ kind: 'primary-message', attempt, message: heard, entries, checksum });
      },
      ended: (detail) => this.feed({ kind: 'primary-ended', attempt, detail }),
    });
    this.#primary = { attempt, stream };
  }

  /** The checksum of this server's journal up to the primary's `common`, if the journal reaches that far. */
  #checksumFor(message: PrimaryMessage): number | undefined {
    if (message.kind !== 'joined') return undefined;
    const { journal } = this.#ports;
    const isHere = message.common >= journal.first - 1 && message.common <= journal.last;
    return isHere ? this.#checksumAt(message.common) : undefined;
  }

  #openTail({ attempt, address, message }: OutputOf<'open-tail'>): void {
    const stream = this.#ports.network.openTail(address, message, {
      heard: (batch) => this.feed({ kind: 'tail-heard', attempt, batch }),
      ended: (detail) => {
        this.#tails.delete(attempt);
        this.feed({ kind: 'tail-broken', attempt, detail });
      },
    });
    this.#tails.set(attempt, stream);
  }

  #pullSnapshot({ kind: _, ...pull }: OutputOf<'pull-snapshot'>): void {
    this.#ports.network.pullSnapshot(pull, {
      done: (installed) => this.feed({ kind: 'snapshot-installed', installed }),
      failed: (detail) => this.feed({ kind: 'snapshot-failed', detail }),
    });
  }

  #probeMember({ probe, address, service, timeoutMs }: OutputOf<'probe-member'>): void {
    this.#ports.network.probe({ address, service, timeoutMs }, (isReached) =>
      this.feed({ kind: 'member-probed', probe, isReached }),
    );
  }

  #orFail<Answer>(done: (answer: Answer) => void): DiskAsker<Answer> {
    return { done, failed: (detail) => this.feed({ kind: 'journal-failed', detail }) };
  }

  /** Closes everything, and answers all waiting callers. */
  #end(stopped: Stopped): void {
    this.#loop.stop();
    for (const stream of this.#routers.values()) stream.close();
    this.#primary?.stream.close();
    for (const stream of this.#tails.values()) stream.close();
    this.#ports.network.keepWarm([]);
    this.#unwatch?.();
    const failure = failureForClients(stopped);
    this.#calls.endAll(failure);
    this.#timelines.endAll(failure);
    this.#standbys.endAll();
    this.#feeds.endAll(failure);
    this.#ports.stopped(stopped);
  }
}

const failureIn = ({ reason, detail }: Failure): Failure => ({ reason, detail });

/** Only reasons that send clients to the next primary. */
const failureForClients = ({ failed, reason, detail }: Stopped): Failure =>
  !failed || actionFor(reason) === 're-resolve' ? { reason, detail } : { reason: 'not-primary', detail };
