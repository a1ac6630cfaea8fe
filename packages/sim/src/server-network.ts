/** How a simulated server reaches routers and other servers. */
import type {
  Address,
  Assignment,
  Entry,
  HeldCopy,
  InstalledJournal,
  JournalCopy,
  MemberMessage,
  NetworkId,
  RouterMessage,
  SocialSnapshot,
  StandbyMessage,
  TailBatch,
  TailMessage,
} from '@dualping/core';
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
import { call } from './call.js';
import type { Core } from './core.js';
import { FIRST } from './disk-journal.js';
import { chained } from './journal-image.js';
import { REFUSAL_MS } from './network.js';
import type { Process } from './process.js';
import { RouterWatch } from './router-watch.js';
import type { ServerDisk } from './server-disk.js';
import type { Wires } from './wires.js';

/** A primary that sends nothing for so long is gone, ms: as in `snapshot-pull.ts`. */
const CHUNK_TIMEOUT_MS = 10_000;

type SnapshotChunk = Wires['snapshot']['down'];

/** What has come of a primary's journal. It is held when the call breaks off. */
class ComingCopy {
  constructor(
    readonly journal: JournalCopy,
    readonly snapshot: SocialSnapshot,
    readonly entries: Entry[],
  ) {}

  /** Undefined as long as there are no entries. */
  get held(): HeldCopy | undefined {
    return this.entries.length === 0 ? undefined : this.journal.held;
  }
}

export class ServerNetwork implements ReplicaNetwork {
  #copy: ComingCopy | undefined;

  constructor(
    readonly process: Process,
    readonly core: Core,
    /** Where snapshots are installed. */
    readonly disk: ServerDisk,
    readonly routers: readonly string[],
    readonly clusters: number,
  ) {}

  openRouter(
    address: string,
    attach: MemberMessage,
    { heard, ended }: StreamListener<RouterMessage>,
  ): OpenedStream<MemberMessage> {
    const end = this.process.network.dial(this.process, address, 'dual-ping', attach);
    end.onMessage = heard;
    end.onEnd = ({ kind }) => ended(kind);
    return end;
  }

  openPrimary(
    address: string,
    join: StandbyMessage,
    { heard, ended }: PrimaryListener,
  ): OpenedStream<StandbyMessage> {
    const end = this.process.network.dial(this.process, address, 'replicate', join);
    end.onMessage = ({ message, entries }) => heard(message, entries);
    end.onEnd = ({ kind }) => ended(kind);
    return end;
  }

  openTail(
    address: string,
    open: TailMessage,
    { heard, ended }: StreamListener<TailBatch>,
  ): OpenedStream<TailMessage> {
    const end = this.process.network.dial(this.process, address, 'tail', open);
    end.onMessage = heard;
    end.onEnd = (how) => ended(how.kind === 'ended' ? (how.failure?.reason ?? 'ended') : 'broken');
    return end;
  }

  pullSnapshot({ address, question }: SnapshotPull, asker: DiskAsker<InstalledJournal>): void {
    const { process } = this;
    const end = process.network.dial(process, address, 'snapshot', {
      kind: 'get-follower-info',
      question,
      held: this.#copy?.held,
    });
    let heard = 0;
    const listen = (): void => {
      const before = heard;
      process.later(CHUNK_TIMEOUT_MS, `${process.name} waits for a chunk`, () => {
        if (end.over || heard !== before) return;
        end.abort();
        asker.failed('nothing came');
      });
    };
    end.onMessage = (chunk) => {
      heard += 1;
      try {
        if (chunk.kind !== 'end') {
          this.#takeChunk(chunk);
          return listen();
        }
        this.#copy?.journal.assertWhole();
      } catch (error) {
        if (!(error instanceof this.core.DualpingError)) throw error;
        end.abort();
        return asker.failed(error.detail);
      }
      end.close();
      this.#install(asker);
    };
    end.onEnd = (how) => asker.failed(how.kind === 'ended' ? (how.failure?.reason ?? 'broke off') : 'broken');
    listen();
  }

  #takeChunk(chunk: Exclude<SnapshotChunk, { kind: 'end' }>): void {
    if (chunk.kind === 'header') {
      const journal = new this.core.JournalCopy(chunk.header, this.#copy?.held);
      const entries = journal.goesOn ? (this.#copy?.entries ?? []) : [];
      this.#copy = new ComingCopy(journal, chunk.snapshot, entries);
      return;
    }
    const { entries, previous } = chunk;
    const last = entries.at(-1);
    if (this.#copy === undefined || entries[0] === undefined || last === undefined)
      throw new Error('a piece of nothing');
    const checksum = entries.reduce(chained, previous);
    const end = { position: last.position, checksum };
    this.#copy.journal.take({ first: entries[0].position, previous, end });
    this.#copy.entries.push(...entries);
  }

  /** What has come counts once it is durable. */
  #install(asker: DiskAsker<InstalledJournal>): void {
    const copy = this.#copy;
    this.#copy = undefined;
    if (copy === undefined) return asker.failed('it has no header');
    const { entries, snapshot, journal } = copy;
    const done = (): void => {
      const social = this.core.SocialState.fromSnapshot(snapshot);
      for (const entry of entries) if (entry.position > social.applied) social.apply(entry);
      const epochStarts = this.disk.image.epochStarts();
      const { checksum } = journal.header.through;
      asker.done({ snapshotAt: snapshot.position, social, epochStarts, first: FIRST, checksum });
    };
    this.disk.write({ kind: 'install', installation: { entries, snapshot }, done });
  }

  probe({ address, service, timeoutMs }: MemberProbe, answered: (isReached: boolean) => void): void {
    call(this.process, address, 'health', { kind: 'health', service }, timeoutMs, 'server-unreachable', {
      answered: () => answered(true),
      failed: () => answered(false),
    });
  }

  probePort(address: Address, refused: () => void): void {
    if (this.process.network.refuses(this.process.name, address))
      this.process.later(REFUSAL_MS, `${this.process.name} probes ${address}`, refused);
  }

  keepWarm(): void {}

  watchClusters(
    _networkId: NetworkId,
    learn: (networkId: NetworkId, assignment: Assignment) => void,
  ): Cancel {
    if (this.clusters === 1) return () => {};
    const watch = new RouterWatch(this.process, this.routers, undefined, learn);
    watch.open();
    return () => watch.close();
  }
}
