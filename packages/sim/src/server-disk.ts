/**
 * A server's disk: writes become durable later, group by group, in the order of writing.
 *
 * While one group is synced the next one gathers. A crash keeps what was durable. It keeps any number of
 * entries from the beginning of the group under way (the rest is a torn record, which opening cuts), and none
 * of those that waited.
 */
import {
  DEFAULT_DISK_STALL_MS,
  type Entry,
  type Epoch,
  type InSyncCopy,
  type JournalId,
  type JudgedNote,
  judgeNote,
  type Known,
  type KnownNote,
  type LifeId,
  type NetworkId,
  NO_POSITION,
  type Position,
  type SocialSnapshot,
} from '@dualping/core';
import type { Core } from './core.js';
import { JournalImage } from './journal-image.js';
import type { Random } from './random.js';
import type { Installation } from './wires.js';

/** How long after a change it is written what the server knows, ms. */
const KNOWN_AFTER_MS = 100;
/** While an operation takes longer the disk does not count as well, ms. */
export const LONG_WORK_MS = 500;

export type DiskWork =
  | { readonly kind: 'append'; readonly entries: readonly Entry[] }
  | { readonly kind: 'truncate'; readonly after: number; readonly done: () => void }
  | { readonly kind: 'install'; readonly installation: Installation; readonly done: () => void };

/** What the disk reports by itself. */
export type DiskNews =
  | { readonly kind: 'durable'; readonly last: number; readonly checksum: number }
  | { readonly kind: 'stalled'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

/** Undefined where the journal has nothing. */
const checksumIn = (image: JournalImage, at: Position): number | undefined =>
  at > image.last ? undefined : image.checksumAt(at);

/** Whether a disk is this in-sync copy: its last life is one of those that the router knows. */
export const isCopy = ({ journalId, lives }: InSyncCopy, disk: ServerDisk): boolean =>
  journalId === disk.journalId && (lives.includes(disk.lifeId) || lives.includes(disk.welcomedLife));

export interface DiskOwner {
  /** Sync of a group, ms: least and mean. */
  readonly syncMs: { readonly least: number; readonly mean: number };
  /** Does work after a while, unless the process that asked for it is gone by then. */
  later(delayMs: number, label: string, work: () => void): void;
  tell(news: DiskNews): void;
  /** Does it as that process: what it has asked for is done. */
  receive(work: () => void): void;
  /** What is durable has changed after position `same`. */
  changed(same: number): void;
}

export class ServerDisk {
  #written = new JournalImage();
  #durable = new JournalImage();
  #works: DiskWork[] = [];
  #current: DiskWork | undefined;
  #currentMs = 0;
  #incarnation = 0;
  #networkId: NetworkId | '' = '';
  #welcomedLife: LifeId = '';
  #lifeId: LifeId = '';
  /** How often the journal was replaced as a whole. */
  #generation = 1;
  /** What the server knew, and of which entries. */
  #known: KnownNote = {
    committed: NO_POSITION,
    epoch: 0 as Epoch,
    revision: 0,
    checksum: 0,
    generation: 1,
  };
  /** What is to be written of that. */
  #noted: KnownNote | undefined;
  /** How many faults keep the disk full. */
  full = 0;
  /** The next sync fails, and every later one of this life. */
  failing = false;
  #failed = false;
  /** How many faults keep its syncs from ending; and the work that waits for their end. */
  #hung = 0;
  #stuck: DiskWork | undefined;
  /**
   * When the disk, or only its journal, was copied, if it was put back from a copy and others have not given
   * it what it lacks yet; else `newest`.
   */
  age: 'newest' | 'copy-of-last-life' | 'copy-of-earlier-life' | 'journal-of-before' = 'newest';
  /** Its journal was put back from before, and no start has noticed that yet. */
  hasOlderJournal = false;
  #copies = 0;

  constructor(
    public journalId: JournalId,
    readonly random: Random,
    readonly owner: DiskOwner,
  ) {}

  get durable(): JournalImage {
    return this.#durable;
  }
  /** What the running server reads. */
  get image(): JournalImage {
    return this.#written;
  }
  /** The life id of the process that has it open. */
  get lifeId(): LifeId {
    return this.#lifeId;
  }
  get welcomedLife(): LifeId {
    return this.#welcomedLife;
  }
  /** What a start finds out about the journal from what was noted of it. */
  judged(judge: Core['judgeNote'] = judgeNote): JudgedNote {
    return judge(this.#known, {
      generation: this.#generation,
      last: this.#durable.last as Position,
      checksumAt: (at) => checksumIn(this.#durable, at),
    });
  }
  get networkId(): NetworkId | '' {
    return this.#networkId;
  }
  get incarnation(): number {
    return this.#incarnation;
  }

  write(work: DiskWork): void {
    switch (work.kind) {
      case 'append':
        for (const entry of work.entries) this.#written.append(entry);
        break;
      case 'truncate':
        this.#written.truncateAfter(work.after);
        break;
      case 'install':
        break; // it counts only when it is complete
    }
    const last = this.#works.at(-1);
    if (work.kind === 'append' && last?.kind === 'append')
      this.#works[this.#works.length - 1] = { kind: 'append', entries: [...last.entries, ...work.entries] };
    else this.#works.push(work);
    this.#next();
  }

  keepSnapshot(snapshot: SocialSnapshot): void {
    this.owner.later(this.#delayMs() * 3, 'a snapshot is kept', () => {
      // It waits for entries that may not be on the disk, or that were to take the place of others there.
      if (this.#failed) return;
      // A standby may have applied entries that are not durable here yet, or in whose place the disk has
      // others that are not cut yet.
      if (snapshot.position > this.#keptLast()) this.keepSnapshot(snapshot);
      else this.#durable.keepSnapshot(snapshot);
    });
  }

  noteWelcome(networkId: NetworkId, lifeId: LifeId, done: () => void): void {
    this.owner.later(this.#delayMs(), 'a welcome is noted', () => {
      this.#networkId = networkId;
      this.#welcomedLife = lifeId;
      this.owner.receive(done);
    });
  }

  /** Soon, and without a sync: the note is lost when the process dies before. */
  noteKnown(known: Known): void {
    const isFirst = this.#noted === undefined;
    const checksum = checksumIn(this.#written, known.committed);
    const generation = this.#generation;
    this.#noted =
      checksum === undefined
        ? { ...known, committed: NO_POSITION, checksum: 0, generation }
        : { ...known, checksum, generation };
    if (!isFirst) return;
    this.owner.later(KNOWN_AFTER_MS, 'what is known is noted', () => {
      this.#known = this.#noted ?? this.#known;
      this.#noted = undefined;
    });
  }

  /** The same content under another id. */
  renew(journalId: JournalId, done: (journalId: JournalId) => void): void {
    this.owner.later(this.#delayMs(), 'a journal is renewed', () => {
      this.journalId = journalId;
      this.#welcomedLife = '';
      done(journalId);
    });
  }

  /**
   * The journal is older than what was noted of it: it goes on under another id, before anything is said of
   * it, and nothing of it is known to be committed.
   */
  goOnAsNew(journalId: JournalId): void {
    this.journalId = journalId;
    this.#welcomedLife = '';
    this.hasOlderJournal = false;
    this.#known = { ...this.#known, committed: NO_POSITION, checksum: 0, generation: this.#generation };
  }

  /** Syncs do not end until the returned function is called. */
  hang(): () => void {
    this.#hung += 1;
    return () => {
      this.#hung -= 1;
      const work = this.#stuck;
      if (this.#hung > 0 || work === undefined) return;
      this.#stuck = undefined;
      this.#done(work);
    };
  }
  /** Also true while an operation that was begun on a slow disk lasts. */
  get isHung(): boolean {
    return this.#hung > 0 || (this.#current !== undefined && this.#currentMs > LONG_WORK_MS);
  }

  /**
   * A copy of the folder as it is now, for another disk. If the server runs, the copy has what was durable.
   */
  copy(owner = this.owner): ServerDisk {
    this.#copies += 1;
    const copy = new ServerDisk(this.journalId, this.random.fork(`copy ${this.#copies}`), owner);
    copy.#durable = this.#durable.clone();
    copy.#written = this.#durable.clone();
    copy.#incarnation = this.#incarnation;
    copy.#networkId = this.#networkId;
    copy.#welcomedLife = this.#welcomedLife;
    copy.#known = this.#known;
    copy.#generation = this.#generation;
    copy.age = this.age;
    copy.hasOlderJournal = this.hasOlderJournal;
    return copy;
  }

  /**
   * Only the journal is put back from this copy; identity and what was noted stay those of the original.
   * Returns false if what was noted does not show that: then it must not be done, because nothing would.
   */
  takesOver(original: ServerDisk): boolean {
    this.#incarnation = original.#incarnation;
    this.#networkId = original.#networkId;
    this.#welcomedLife = original.#welcomedLife;
    this.#known = original.#known;
    this.age = 'journal-of-before';
    this.hasOlderJournal = true;
    return this.judged().olderThan !== undefined;
  }

  /** Notes how old this copy is, when it replaces its original or runs beside it. */
  ages(original: ServerDisk): void {
    const isOfLastLife = this.#welcomedLife === original.#welcomedLife;
    if (original.age !== 'newest') this.age = original.age;
    else this.age = isOfLastLife ? 'copy-of-last-life' : 'copy-of-earlier-life';
  }

  crash(): void {
    const work = this.#current;
    if (work !== undefined && this.random.chance(0.7)) {
      const reached =
        work.kind === 'append'
          ? { ...work, entries: work.entries.slice(0, this.random.between(0, work.entries.length)) }
          : work;
      if (!this.full && !this.#failed) this.#perform(reached);
    }
    this.#works = [];
    this.#current = undefined;
    this.#stuck = undefined;
    this.#noted = undefined;
    this.#failed = false;
    this.failing = false;
    this.#written = this.#durable.clone();
  }

  /** Begins a new life of the server: the incarnation is durable before it is used. */
  raiseIncarnation(): number {
    this.#incarnation += 1;
    // A copy of a folder has a generator of its own, so its life ids differ.
    this.#lifeId = `${this.random.seed}/${this.#incarnation}`;
    return this.#incarnation;
  }

  /** Adds starts that the copy has had on another machine. */
  addStarts(starts: number): void {
    this.#incarnation += starts;
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const work = this.#works.shift();
    if (work === undefined) return;
    this.#current = work;
    const ms = this.#delayMs() * (work.kind === 'install' ? 10 : 1);
    this.#currentMs = ms;
    if (ms > DEFAULT_DISK_STALL_MS) this.#stallsWith(work, () => this.#current === work);
    this.owner.later(ms, `a disk has done ${work.kind}`, () => this.#done(work));
  }

  #stallsWith({ kind }: DiskWork, goesOn: () => boolean): void {
    this.owner.later(DEFAULT_DISK_STALL_MS, 'a disk has stalled', () => {
      if (goesOn()) this.owner.tell({ kind: 'stalled', detail: `${kind} does not end` });
    });
  }

  #done(work: DiskWork): void {
    if (this.#hung > 0) {
      this.#stuck = work;
      this.#stallsWith(work, () => this.#stuck === work);
      return;
    }
    this.#current = undefined;
    if (this.#failed) return;
    if (this.failing || this.full > 0) {
      this.#failed = true;
      this.#works = [];
      return this.owner.tell({ kind: 'failed', detail: this.failing ? 'sync failed' : 'no space left' });
    }
    this.#perform(work);
    if (work.kind === 'append') this.owner.tell(this.#durableNews());
    else {
      if (work.kind === 'install') this.#written = this.#durable.clone();
      this.owner.receive(work.done);
    }
    this.#next();
  }

  /** The last position that is durable and will not be cut. */
  #keptLast(): number {
    const works = this.#current === undefined ? this.#works : [this.#current, ...this.#works];
    const cuts = works.flatMap((work) => (work.kind === 'truncate' ? [work.after] : []));
    return Math.min(this.#durable.last, ...cuts);
  }

  /** Entries that a waiting cut takes back are not reported. */
  #durableNews(): DiskNews {
    const kept = this.#keptLast();
    return { kind: 'durable', last: kept, checksum: this.#durable.checksumAt(kept) };
  }

  #perform(work: DiskWork): void {
    switch (work.kind) {
      case 'append': {
        const same = this.#durable.last;
        for (const entry of work.entries) this.#durable.append(entry);
        return this.owner.changed(same);
      }
      case 'truncate':
        this.#durable.truncateAfter(work.after);
        return this.owner.changed(work.after);
      case 'install':
        this.#durable.install(work.installation);
        this.#generation += 1;
        return this.owner.changed(0);
    }
  }

  #delayMs(): number {
    const { least, mean } = this.owner.syncMs;
    return least + this.random.exponential(mean);
  }
}
