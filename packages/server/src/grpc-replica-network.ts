/** How a server reaches routers and other servers: gRPC. */
import type {
  Address,
  Assignment,
  Entry,
  MemberMessage,
  NetworkId,
  RouterMessage,
  StandbyMessage,
  TailBatch,
  TailMessage,
} from '@dualping/core';
import { askHealth, encodeEntry, RouterStream, toDualpingError } from '@dualping/protocol';
import type {
  Cancel,
  DiskAsker,
  InstalledSnapshot,
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
import type { Journal } from './journal/index.js';
import { Peers } from './peers.js';
import { PrimaryStream } from './primary-stream.js';
import { pullSnapshot } from './snapshot-pull.js';
import { TailStream } from './tail-stream.js';

const debug = createDebug('dualping:server');

export class GrpcReplicaNetwork implements ReplicaNetwork {
  readonly #peers = new Peers();

  constructor(
    readonly routers: readonly Address[],
    /** Where snapshots are installed. */
    readonly journal: Journal,
    readonly received: ReceivedBytes,
    readonly dialect: ClassicDialect,
  ) {}

  openRouter(
    address: Address,
    attach: MemberMessage,
    { heard, ended }: StreamListener<RouterMessage>,
  ): OpenedStream<MemberMessage> {
    debug('opens DualPing to %s', address);
    return new RouterStream(address, attach, {
      onMessage: heard,
      onClassicReplies: (replies) => this.dialect.routerSays(replies),
      onEnd: (end) => ended(endText(end)),
    });
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
    return new TailStream(address, open, { onBatch: heard, onEnd: ended });
  }

  pullSnapshot({ address, question, setAside }: SnapshotPull, asker: DiskAsker<InstalledSnapshot>): void {
    pullSnapshot(this.#peers.to(address), question, this.journal, { setAside }).then(
      asker.done,
      (error: unknown) => asker.failed(toDualpingError(error).message),
    );
  }

  /** Over the connection that is kept warm. */
  probe(question: MemberProbe, answered: (isReached: boolean) => void): void {
    askHealth(question).then(
      (health) => answered(health !== 'unknown'),
      () => answered(false),
    );
  }

  keepWarm(addresses: readonly Address[]): void {
    this.#peers.keepWarm(addresses);
  }

  watchClusters(networkId: NetworkId, learn: (networkId: NetworkId, assignment: Assignment) => void): Cancel {
    const watch = new ClustersWatch(this.routers, networkId, learn);
    return () => watch.close();
  }

  #keepBytes(entries: readonly Entry[], bytes: readonly Buffer[]): void {
    for (const [index, entry] of entries.entries())
      this.received.set(entry, bytes[index] ?? encodeEntry(entry));
  }
}
