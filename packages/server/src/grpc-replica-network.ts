/** How a server reaches routers and other servers: gRPC. */
import type {
  Address,
  Assignment,
  Entry,
  InstalledJournal,
  MemberMessage,
  NetworkId,
  RouterMessage,
  StandbyMessage,
  TailBatch,
  TailMessage,
} from '@dualping/core';
import { holdLowDescriptors } from '@dualping/host';
import {
  askHealth,
  type Dialling,
  encodeEntry,
  isRefused,
  RouterStream,
  type RouterStreamListener,
  toDualpingError,
} from '@dualping/protocol';
import type {
  Cancel,
  DiskAsker,
  MemberProbe,
  OpenedStream,
  PrimaryListener,
  ReplicaNetwork,
  SnapshotPull,
  StreamListener,
} from '@dualping/runtime';
import createDebug from 'debug';
import type { ClassicDialect } from './classic/classic-dialect.js';
import { ClustersWatch } from './clusters-watch.js';
import { endText } from './end-text.js';
import type { ReceivedBytes } from './file-journal.js';
import { HeldTripwire } from './held-tripwire.js';
import { Peers } from './peers.js';
import { PrimaryStream } from './primary-stream.js';
import { pullSnapshot, type SnapshotPlace } from './snapshot-pull.js';
import { TailStream } from './tail-stream.js';

const debug = createDebug('dualping:server');

export interface GrpcReplicaNetworkParts extends SnapshotPlace {
  readonly routers: readonly Address[];
  readonly received: ReceivedBytes;
  readonly dialect: ClassicDialect;
  /** How routers and servers are dialled. */
  readonly dialling: Dialling;
  /** Gets a line about a tripwire that does not hold. Undefined: there is none. */
  readonly tripwire: ((text: string) => void) | undefined;
}

export class GrpcReplicaNetwork implements ReplicaNetwork {
  readonly #parts: GrpcReplicaNetworkParts;
  readonly #peers: Peers;
  /** Those that are being closed. */
  readonly #closing = new Set<Promise<void>>();
  /** A tripwire failed, and the next one would too; or somebody ends what holds it. */
  #goesWithoutTripwire = false;

  constructor(parts: GrpcReplicaNetworkParts) {
    this.#parts = parts;
    this.#peers = new Peers(parts.dialling);
  }

  openRouter(
    address: Address,
    attach: MemberMessage,
    { heard, ended }: StreamListener<RouterMessage>,
  ): OpenedStream<MemberMessage> {
    debug('opens DualPing to %s', address);
    // So that the router is the first to notice our death.
    const letGo = holdLowDescriptors();
    const { dialect, dialling } = this.#parts;
    let ticket: Buffer | undefined;
    let tripwire: HeldTripwire | undefined;
    const listener: RouterStreamListener = {
      onMessage: (message) => {
        if (message.kind === 'welcome') tripwire ??= this.#tripwireTo(address, ticket);
        heard(message);
      },
      onConnected: letGo,
      onClassicReplies: (replies) => dialect.routerSays(replies),
      onTicket: (given) => {
        ticket = given;
      },
      onEnd: (end) => {
        letGo();
        this.#close(tripwire);
        ended(endText(end));
      },
    };
    const stream = new RouterStream(address, attach, listener, dialling);
    const close = (): void => {
      this.#close(tripwire);
      stream.close();
    };
    return { send: (message) => stream.send(message), close };
  }

  /** Resolves when routers know of all closed streams that they were closed in order. */
  async tripwiresClosed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #tripwireTo(router: Address, ticket: Buffer | undefined): HeldTripwire | undefined {
    const { tripwire: tell } = this.#parts;
    if (tell === undefined || this.#goesWithoutTripwire) return undefined;
    const failed = (text: string, isForGood: boolean): void => {
      this.#goesWithoutTripwire = isForGood;
      const until = isForGood ? ', until it is started again' : '';
      tell(`${text}: the end of this server is noticed when its own connections close${until}`);
    };
    if (ticket !== undefined) return new HeldTripwire(router, ticket, failed);
    failed(`the router at ${router} has none`, false);
    return undefined;
  }

  #close(tripwire: HeldTripwire | undefined): void {
    if (tripwire === undefined) return;
    const closed = tripwire.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  openPrimary(
    address: Address,
    join: StandbyMessage,
    { heard, ended }: PrimaryListener,
  ): OpenedStream<StandbyMessage> {
    debug('joins %s', address);
    return new PrimaryStream(this.#peers.to(address), join, {
      onMessage: (message, entries, bytes) => {
        this.#keepBytes(entries, bytes);
        heard(message, entries);
      },
      onEnd: ended,
    });
  }

  openTail(
    address: Address,
    open: TailMessage,
    { heard, ended }: StreamListener<TailBatch>,
  ): OpenedStream<TailMessage> {
    debug('tails %s', address);
    return new TailStream(address, open, { onBatch: heard, onEnd: ended }, this.#parts.dialling);
  }

  pullSnapshot({ address, question, setAside }: SnapshotPull, asker: DiskAsker<InstalledJournal>): void {
    pullSnapshot(this.#peers.to(address), question, this.#parts, { setAside }).then(
      asker.done,
      (error: unknown) => asker.failed(toDualpingError(error).message),
    );
  }

  /** Over the connection that is kept open. */
  probe(question: MemberProbe, answered: (isReached: boolean) => void): void {
    askHealth({ ...question, dialling: this.#parts.dialling }).then(
      (health) => answered(health !== 'unknown'),
      () => answered(false),
    );
  }

  probePort(address: Address, refused: () => void): void {
    void isRefused(address).then((is) => {
      if (is) refused();
    });
  }

  keepWarm(addresses: readonly Address[]): void {
    this.#peers.keepWarm(addresses);
  }

  watchClusters(networkId: NetworkId, learn: (networkId: NetworkId, assignment: Assignment) => void): Cancel {
    const { routers, dialling } = this.#parts;
    const watch = new ClustersWatch(routers, networkId, learn, dialling);
    return () => watch.close();
  }

  #keepBytes(entries: readonly Entry[], bytes: readonly Buffer[]): void {
    for (const [index, entry] of entries.entries())
      this.#parts.received.set(entry, bytes[index] ?? encodeEntry(entry));
  }
}
