/** A server's disk: writes become durable one by one, and a crash loses those that are not durable. */
import {
  type Entry,
  type EpochStart,
  type JournalId,
  type Known,
  type LifeId,
  type NetworkId,
  NO_EPOCH,
  NO_POSITION,
  type Position,
  position,
  type ReplicaIdentity,
  type ReplicaInput,
  type ReplicaOutput,
  type ReplicaStart,
  type SocialSnapshot,
  SocialState,
} from '../index.js';

/** A snapshot as another server sent it, with the posts that its journal no longer has. */
export interface Installation {
  readonly kind: 'install';
  readonly snapshot: SocialSnapshot;
  readonly epochStarts: readonly EpochStart[];
  readonly checksum: number;
  readonly posts: ReadonlyMap<Position, Entry>;
}

export type DiskWork =
  | Extract<ReplicaOutput, { kind: 'append' | 'truncate' | 'save-snapshot' }>
  | Installation;

const EMPTY: SocialSnapshot = { position: NO_POSITION, users: [], sessions: [], origins: [] };

/** FNV-1a over the entry, seeded with the entries before: equal at the end only if all entries are equal. */
function chained(before: number, entry: Entry): number {
  let hash = before ^ 0x811c9dc5;
  for (const character of JSON.stringify(entry))
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

class DiskImage {
  snapshot: SocialSnapshot = EMPTY;
  #base: Omit<Installation, 'kind'> = { snapshot: EMPTY, epochStarts: [], checksum: 0, posts: new Map() };
  #entries: Entry[] = [];
  #checksums: number[] = [];

  get first(): Position {
    return position(this.#base.snapshot.position + 1);
  }
  get last(): Position {
    return position(this.#base.snapshot.position + this.#entries.length);
  }
  get checksum(): number {
    return this.checksumAt(this.last);
  }
  get entries(): readonly Entry[] {
    return this.#entries;
  }
  get posts(): ReadonlyMap<Position, Entry> {
    const own = this.#entries.filter((entry) => entry.command.kind === 'post');
    return new Map([...this.#base.posts, ...own.map((entry) => [entry.position, entry] as const)]);
  }

  checksumAt(at: Position): number {
    return this.#checksums[at - this.first] ?? this.#base.checksum;
  }

  read(at: Position): Entry | undefined {
    return this.#entries[at - this.first] ?? this.#base.posts.get(at);
  }

  perform(work: DiskWork): void {
    switch (work.kind) {
      case 'append':
        for (const entry of work.entries) {
          if (entry.position !== this.last + 1)
            throw new Error(`the disk ends at ${this.last} and is given ${entry.position}`);
          this.#checksums.push(chained(this.checksum, entry));
          this.#entries.push(entry);
        }
        return;
      case 'truncate':
        this.#entries.length = work.after - this.first + 1;
        this.#checksums.length = this.#entries.length;
        return;
      case 'save-snapshot':
        this.snapshot = work.snapshot;
        return;
      case 'install':
        this.#base = work;
        this.snapshot = work.snapshot;
        this.#entries = [];
        this.#checksums = [];
        return;
    }
  }

  epochStarts(): EpochStart[] {
    const starts = [...this.#base.epochStarts];
    for (const { epoch, position: at } of this.#entries)
      if (epoch > (starts.at(-1)?.epoch ?? NO_EPOCH)) starts.push({ epoch, position: at });
    return starts;
  }

  clone(): DiskImage {
    const copy = new DiskImage();
    copy.snapshot = this.snapshot;
    copy.#base = this.#base;
    copy.#entries = [...this.#entries];
    copy.#checksums = [...this.#checksums];
    return copy;
  }
}

export class Disk {
  #durable = new DiskImage();
  #written = new DiskImage();
  #works: DiskWork[] = [];
  #incarnation = 0;

  /** Kept in files of their own, which don't wait for the journal. */
  networkId: NetworkId | '' = '';
  welcomedLife: LifeId = '';
  known: Known = { committed: NO_POSITION, epoch: NO_EPOCH, revision: 0 };

  constructor(public journalId: JournalId) {}

  /** What a crash would leave. */
  get durable(): Omit<DiskImage, 'perform'> {
    return this.#durable;
  }
  /** What the running server reads. */
  get written(): Omit<DiskImage, 'perform'> {
    return this.#written;
  }

  write(work: DiskWork): void {
    this.#written.perform(work);
    this.#works.push(work);
  }

  /** Makes the oldest write durable and returns the input that reports this to the server. */
  sync(): ReplicaInput | undefined {
    const work = this.#works.shift();
    if (work === undefined) return undefined;
    this.#durable.perform(work);
    const { last, checksum } = this.#durable;
    switch (work.kind) {
      case 'append':
        return { kind: 'durable', position: last, checksum };
      case 'truncate':
        return { kind: 'truncated', last, checksum };
      case 'install': {
        const { snapshot, epochStarts } = work;
        const { first } = this.#durable;
        const social = SocialState.fromSnapshot(snapshot);
        const snapshotAt = snapshot.position;
        return {
          kind: 'snapshot-installed',
          installed: { snapshotAt, social, epochStarts, first, checksum },
        };
      }
      default:
        return undefined;
    }
  }

  /** The first `reached` of the waiting writes reach the disk in time; the others are lost. */
  crash(reached = 0): void {
    for (let i = 0; i < reached && this.#works.length > 0; i += 1) this.sync();
    this.#works = [];
    this.#written = this.#durable.clone();
  }

  start(identity: Pick<ReplicaIdentity, 'cluster' | 'serverId' | 'address' | 'routers'>): ReplicaStart {
    this.#incarnation += 1;
    const { snapshot, first, entries, checksum } = this.#durable;
    const { journalId, networkId, welcomedLife } = this;
    const incarnation = this.#incarnation;
    const lifeId = lifeOf(journalId, incarnation);
    return {
      identity: { ...identity, incarnation, journalId, lifeId, networkId, welcomedLife },
      snapshotAt: snapshot.position,
      social: SocialState.fromSnapshot(snapshot),
      epochStarts: this.#durable.epochStarts(),
      first,
      entries: entries.filter((entry) => entry.position > snapshot.position),
      checksum,
      known: this.known,
    };
  }
}

export const lifeOf = (journalId: JournalId, incarnation: number): LifeId =>
  `life ${incarnation} of ${journalId}`;
