/**
 * Feeds the replica machine and does what it says.
 *
 *     sockets, disk, clock ──input──► Replica.step ──outputs, in order──► sockets, disk, timer
 *
 * Inputs that come while outputs are performed queue up; nothing is performed out of turn. After each
 * turn of the event loop a `flush` lets the machine send what it gathered, so that one message carries
 * everything that came in one turn. Nothing is decided here.
 */
import {
  DualpingError,
  type Entry,
  InvariantBroken,
  type LinkId,
  type NetworkId,
  type PrimaryMessage,
  type Reason,
  Replica,
  type ReplicaInput,
  type ReplicaOutput,
  type ReplicaStart,
  type ReplicaTiming,
  serverName,
  type Token,
  unreachable,
} from '@dualping/core';
import { holdLowDescriptors, type Report } from '@dualping/host';
import {
  askHealth,
  type Dialling,
  encodeEntry,
  RouterStream,
  type RouterStreamListener,
  toDualpingError,
} from '@dualping/protocol';
import { MachineLoop, PROCESS_CLOCK } from '@dualping/runtime';
import createDebug from 'debug';
import type { ClassicDialect } from './classic/classic-dialect.js';
import type { ClientDesk } from './client-desk.js';
import { endText } from './end-text.js';
import type { Journal } from './journal/index.js';
import { Peers } from './peers.js';
import { PrimaryStream } from './primary-stream.js';
import { snapshotToParts } from './snapshot-parts.js';
import { pullSnapshot } from './snapshot-pull.js';
import type { StandbyDesk } from './standby-desk.js';
import type { TailDesk } from './tail-desk.js';
import { TailStream, type TailStreamListener } from './tail-stream.js';

const debug = createDebug('dualping:server');

export interface Stopped {
  readonly failed: boolean;
  readonly reason: Reason;
  readonly detail: string;
}

export interface DriverListener {
  /** It is known of which network the server is. */
  onNetwork(networkId: NetworkId): void;
  /** Called once, when the machine has stopped or can't go on. */
  onStopped(stopped: Stopped): void;
}

export interface Desks {
  readonly clients: ClientDesk;
  readonly standbys: StandbyDesk;
  readonly tails: TailDesk;
  readonly dialect: ClassicDialect;
}

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { kind: Kind }>;

export class ReplicaDriver {
  readonly #replica: Replica;
  readonly #peers: Peers;
  readonly #loop: MachineLoop<ReplicaInput, ReplicaOutput>;
  /** Bytes that standby entries came as: journalled as they are, so that journals are equal to the byte. */
  readonly #bytes = new WeakMap<Entry, Buffer>();
  /** Streams to routers by attempt. */
  readonly #routers = new Map<number, RouterStream>();
  #primary: { readonly attempt: number; readonly stream: PrimaryStream } | undefined;
  readonly #tails = new Map<number, TailStream>();
  #flushPending = false;
  #links = 0;

  constructor(
    start: ReplicaStart,
    timing: ReplicaTiming,
    readonly journal: Journal,
    readonly report: Report,
    readonly desks: Desks,
    readonly listener: DriverListener,
    readonly dialling: Dialling,
  ) {
    this.#peers = new Peers(dialling);
    this.#replica = new Replica(start, timing);
    this.#loop = new MachineLoop(this.#replica, {
      clock: PROCESS_CLOCK,
      perform: (output) => this.#perform(output),
      performed: (input, outputs) => {
        if (debug.enabled && outputs.length > 0)
          debug('%s → %s', input.kind, outputs.map(({ kind }) => kind).join(' '));
        if (input.kind !== 'flush' && input.kind !== 'tick') this.#flushSoon();
      },
      failed: (error) => this.#fail(error),
    });
    journal.listen({
      durable: (position, checksum) => this.feed({ kind: 'durable', position, checksum }),
      failed: (error) => this.feed({ kind: 'journal-failed', detail: error.detail }),
    });
  }

  get replica(): Replica {
    return this.#replica;
  }

  /** A number for a stream or call that somebody opened. */
  nextLink(): LinkId & Token {
    this.#links += 1;
    return this.#links;
  }

  feed(input: ReplicaInput): void {
    this.#loop.feed(input);
  }

  #flushSoon(): void {
    if (this.#flushPending) return;
    this.#flushPending = true;
    setImmediate(() => {
      this.#flushPending = false;
      this.feed({ kind: 'flush' });
    });
  }

  /** A broken invariant, or a mistake of ours: better no server than a wrong one. */
  #fail(error: unknown): void {
    if (!(error instanceof InvariantBroken)) debug('failed %O', error);
    this.#stop({ failed: true, reason: 'internal', detail: toDualpingError(error).detail });
  }

  #stop(stopped: Stopped): void {
    this.#loop.stop();
    for (const stream of this.#routers.values()) stream.close();
    this.#primary?.stream.close();
    for (const stream of this.#tails.values()) stream.close();
    this.#peers.close();
    this.listener.onStopped(stopped);
  }

  #perform(output: ReplicaOutput): void {
    switch (output.kind) {
      case 'append':
        for (const entry of output.entries)
          this.journal.append(entry.position, this.#bytes.get(entry) ?? encodeEntry(entry));
        return;
      case 'truncate':
        return this.#truncate(output);
      case 'save-snapshot':
        return this.#saveSnapshot(output);
      case 'note-welcome':
        return this.#noteWelcome(output);
      case 'note-known':
        return this.journal.noteKnown(output.known);
      case 'renew-journal':
        this.#orFail(
          this.journal.renew().then((journalId) => this.feed({ kind: 'journal-renewed', journalId })),
        );
        return;
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
        if (this.#primary?.attempt === output.attempt) this.#primary.stream.send(output.message);
        return;
      case 'close-primary':
        if (this.#primary?.attempt === output.attempt) this.#primary.stream.close();
        return;
      case 'pull-snapshot':
        return this.#pullSnapshot(output);
      case 'probe-member':
        return this.#probeMember(output);
      case 'keep-warm':
        return this.#peers.keepWarm(output.addresses);
      case 'to-standby':
        return this.desks.standbys.send(output.link, output.message);
      case 'close-standby':
        return this.desks.standbys.close(output.link);
      case 'send-snapshot':
        return this.desks.standbys.sendSnapshot(output);
      case 'end-snapshot':
        return this.desks.standbys.endSnapshot(output.token, new DualpingError(output.reason, output.detail));
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
        return this.desks.tails.tell(output);
      case 'end-tail':
        return this.desks.tails.end(output.link, new DualpingError(output.reason, output.detail));
      case 'answer-write':
        return this.desks.clients.answerWrite(output);
      case 'answer-list':
        return this.desks.clients.answerList(output);
      case 'refuse':
        return this.desks.clients.refuse(output.token, new DualpingError(output.reason, output.detail));
      case 'timeline-opened':
        return this.desks.clients.timelineOpened(output);
      case 'timeline-sign':
        return this.desks.clients.timelineSign(output);
      case 'timeline-posts':
        return this.desks.clients.timelinePosts(output);
      case 'timeline-read':
        return this.desks.clients.timelineRead(output);
      case 'timeline-page':
        return this.desks.clients.timelinePage(output);
      case 'timeline-answered':
        return this.desks.clients.timelineAnswered(output);
      case 'timeline-end':
        return this.desks.clients.timelineEnd(
          output.timeline,
          new DualpingError(output.reason, output.detail),
        );
      case 'report': {
        const part = `server ${serverName(this.journal.identity.serverId)}`;
        return this.report({ part, event: output.event, text: output.text });
      }
      case 'stopped':
        return this.#stop(output);
      default:
        return unreachable(output);
    }
  }

  #noteWelcome({ networkId, lifeId }: OutputOf<'note-welcome'>): void {
    this.listener.onNetwork(networkId);
    this.#orFail(
      this.journal.noteWelcome(networkId, lifeId).then(() => this.feed({ kind: 'welcome-noted' })),
    );
  }

  #truncate({ after }: OutputOf<'truncate'>): void {
    this.#orFail(
      this.journal.truncateAfter(after).then(() => {
        this.feed({ kind: 'truncated', last: after, checksum: this.journal.checksumAt(after) });
      }),
    );
  }

  #saveSnapshot({ snapshot, epochStarts }: OutputOf<'save-snapshot'>): void {
    const { position } = snapshot;
    const epoch = epochStarts.at(-1)?.epoch;
    if (epoch === undefined) return;
    const parts = snapshotToParts({ snapshot, epochStarts });
    // A snapshot that can't be kept only makes the next start slower; the journal tells of a failing disk
    // itself.
    this.journal
      .saveSnapshot({ position, epoch, checksum: this.journal.checksumAt(position), parts })
      .catch((error: unknown) => debug('snapshot at %d not kept: %O', position, error));
  }

  #openRouter({ attempt, address, message }: OutputOf<'open-router'>): void {
    debug('opens DualPing to %s', address);
    // So that the router is the first who hears of our death.
    const letGo = holdLowDescriptors();
    const listener: RouterStreamListener = {
      onMessage: (routerMessage) => this.feed({ kind: 'router-message', attempt, message: routerMessage }),
      onConnected: letGo,
      onClassicReplies: (replies) => this.desks.dialect.routerSays(replies),
      onEnd: (end) => {
        letGo();
        this.#routers.delete(attempt);
        this.feed({ kind: 'router-ended', attempt, detail: endText(end) });
      },
    };
    this.#routers.set(attempt, new RouterStream(address, message, listener, this.dialling));
  }

  #openPrimary({ attempt, address, message }: OutputOf<'open-primary'>): void {
    debug('joins %s', address);
    this.#primary = {
      attempt,
      stream: new PrimaryStream(this.#peers.to(address), message, {
        onMessage: (primaryMessage, entries, bytes) => {
          for (const [index, entry] of entries.entries())
            this.#bytes.set(entry, bytes[index] ?? encodeEntry(entry));
          const checksum = this.#checksumFor(primaryMessage);
          this.feed({ kind: 'primary-message', attempt, message: primaryMessage, entries, checksum });
        },
        onEnd: (detail) => this.feed({ kind: 'primary-ended', attempt, detail }),
      }),
    };
  }

  /** Over the connection that is kept warm. */
  #probeMember({ probe, address, service, timeoutMs }: OutputOf<'probe-member'>): void {
    askHealth({ address, service, timeoutMs, dialling: this.dialling }).then(
      (health) => this.feed({ kind: 'member-probed', probe, isReached: health !== 'unknown' }),
      () => this.feed({ kind: 'member-probed', probe, isReached: false }),
    );
  }

  /** Of the own journal where the primary says that the two agree, as far as it reaches. */
  #checksumFor(message: PrimaryMessage): number | undefined {
    if (message.kind !== 'joined') return undefined;
    const { first, last } = this.journal;
    const isHere = message.common >= first - 1 && message.common <= last;
    return isHere ? this.journal.checksumAt(message.common) : undefined;
  }

  #openTail({ attempt, address, message }: OutputOf<'open-tail'>): void {
    debug('tails %s', address);
    const listener: TailStreamListener = {
      onBatch: (batch) => this.feed({ kind: 'tail-heard', attempt, batch }),
      onEnd: (detail) => {
        this.#tails.delete(attempt);
        this.feed({ kind: 'tail-broken', attempt, detail });
      },
    };
    this.#tails.set(attempt, new TailStream(address, message, listener, this.dialling));
  }

  #pullSnapshot({ address, question, setAside }: OutputOf<'pull-snapshot'>): void {
    pullSnapshot(this.#peers.to(address), question, this.journal, { setAside }).then(
      (pulled) => this.feed({ kind: 'snapshot-installed', ...pulled }),
      (error: unknown) => this.feed({ kind: 'snapshot-failed', detail: toDualpingError(error).message }),
    );
  }

  #orFail(done: Promise<void>): void {
    done.catch((error: unknown) =>
      this.feed({ kind: 'journal-failed', detail: toDualpingError(error).detail }),
    );
  }
}
