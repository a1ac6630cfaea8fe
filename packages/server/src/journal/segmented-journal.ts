/** The journal of a server: the valid generation, its snapshots, and its identity. */

import { join } from 'node:path';
import {
  DualpingError,
  type HeldCopy,
  invariant,
  type JournalId,
  type JudgedNote,
  type Known,
  type LifeId,
  type NetworkId,
  type Position,
  quote,
} from '@dualping/core';
import { type FileOperations, type HeldPlace, storageFailed } from '@dualping/host';
import { copySource } from './copy-source.js';
import { CopyWriter } from './copy-writer.js';
import { type CurrentRecord, generationName, writeCurrent } from './current-file.js';
import { Generation, type GenerationOptions } from './generation.js';
import { identityPath, writeIdentity } from './identity-file.js';
import type {
  CopyContent,
  CopyPiece,
  CopySource,
  CutTail,
  Identity,
  Journal,
  JournalContent,
  JournalListener,
  Snapshot,
  SnapshotInfo,
  SnapshotToKeep,
} from './journal.js';
import { KnownMark, type NumberedGeneration, readKnown } from './known-mark.js';
import { setAsideEntries, setAsideGeneration } from './set-aside.js';
import { Snapshots } from './snapshots.js';
import { WHAT_TO_DO } from './storage-errors.js';

export interface SegmentedJournalOptions extends GenerationOptions {
  readonly newJournalId: () => JournalId;
}

/** A generation with its snapshots. */
export interface Opened {
  readonly record: CurrentRecord;
  readonly generation: Generation;
  readonly snapshots: Snapshots;
}

/** An opened generation, with the found snapshot. */
interface Found {
  readonly opened: Opened;
  readonly snapshot: Snapshot | undefined;
  /** Why newer snapshots could not be used, as texts. */
  readonly problems: readonly string[];
}

export class SegmentedJournal implements Journal {
  readonly snapshotProblems: readonly string[];
  readonly known: Known;
  readonly olderThan: Position | undefined;
  #opened: Opened;
  #identity: Identity;
  #listener: JournalListener | undefined;
  #failure: DualpingError | undefined;
  #installing = false;
  /** A copy that broke off. */
  #copy: CopyWriter | undefined;
  /** The snapshot that opening has read anyway, for the first caller. */
  #found: Snapshot | undefined;
  readonly #mark: KnownMark;
  /** What is written of the identity. */
  #identityFile: HeldPlace | undefined;
  /** How often a write of the identity has begun, and has ended. */
  readonly #identityWrites = { begun: 0, ended: 0 };
  /** Writes of the identity, one after another. */
  #identityWritten: Promise<void> = Promise.resolve();
  /** Operations of keeping aside, one after another: each takes the next free number. */
  #settingAside: Promise<void> = Promise.resolve();

  private constructor(
    readonly files: FileOperations,
    readonly folder: string,
    readonly options: SegmentedJournalOptions,
    identity: Identity,
    { opened, snapshot, problems }: Found,
    { known, olderThan }: JudgedNote,
  ) {
    this.known = known;
    this.olderThan = olderThan;
    this.#found = snapshot;
    this.snapshotProblems = problems;
    this.#mark = new KnownMark(files, folder);
    this.#identity = identity;
    this.#opened = opened;
  }

  /** Opens the valid generation; nothing else in the folder is changed. */
  static async open(
    files: FileOperations,
    folder: string,
    options: SegmentedJournalOptions,
    identity: Identity,
    record: CurrentRecord,
  ): Promise<SegmentedJournal> {
    // The generation reports to its journal, which is made later.
    const owner: { journal?: SegmentedJournal } = {};
    const found = await openGeneration(files, folder, record, options, owner);
    const judged = readKnown(files, folder, numbered(found.opened));
    owner.journal = new SegmentedJournal(files, folder, options, identity, found, judged);
    return owner.journal;
  }

  get identity(): Identity {
    return this.#identity;
  }
  get cutTail(): CutTail | undefined {
    return this.#generation.cutTail;
  }
  get first(): Position {
    return this.#generation.first;
  }
  get last(): Position {
    return this.#generation.last;
  }
  get durable(): Position {
    return this.#generation.durable;
  }
  get durableChecksum(): number {
    return this.#generation.durableChecksum;
  }

  listen(listener: JournalListener): void {
    this.#listener = listener;
    const failure = this.#failure;
    if (failure !== undefined)
      queueMicrotask(() => {
        if (this.#listener === listener) listener.failed(failure);
      });
  }

  append(position: Position, payload: Buffer): void {
    invariant(!this.#installing, 'journal-is-contiguous', { position, installing: true });
    if (this.#copy !== undefined) this.#letGo(this.#copy);
    this.#generation.append(position, payload);
  }

  /** The journal goes on by itself: a copy that broke off is in nobody's way then. */
  #letGo(copy: CopyWriter): void {
    this.#copy = undefined;
    void this.#remove(copy).catch(() => {});
  }

  whenDurable(position: Position): Promise<void> {
    return this.#generation.whenDurable(position);
  }

  async truncateAfter(position: Position): Promise<void> {
    const generation = this.#generation;
    if (position >= generation.last) return;
    this.#found = undefined;
    const first = (position + 1) as Position;
    const payloads = [...generation.replay(first, generation.last)].map(({ payload }) =>
      Buffer.from(payload),
    );
    const seed = generation.checksumAt(position);
    // Not awaited: cut entries were never acknowledged, so losing them does no harm.
    this.#settingAside = this.#settingAside.then(() =>
      setAsideEntries(this.files, this.folder, first, seed, payloads).catch(() => {}),
    );
    await generation.truncateAfter(position);
  }

  read(from: Position, to: Position, maxBytes: number): Buffer[] {
    return this.#generation.read(from, to, maxBytes);
  }

  replay(from: Position, to: Position): Iterable<{ readonly position: Position; readonly payload: Buffer }> {
    return this.#generation.replay(from, to);
  }

  readOne(position: Position): Buffer {
    return this.#generation.readOne(position);
  }

  readMany(positions: readonly Position[]): Buffer[] {
    return this.#generation.readMany(positions);
  }

  borrowMany(positions: readonly Position[]): Buffer[] {
    return this.#generation.borrowMany(positions);
  }

  checksumAt(position: Position): number {
    return this.#generation.checksumAt(position);
  }

  readSnapshot(): Snapshot | undefined {
    const found = this.#found;
    this.#found = undefined;
    return found ?? newestSnapshot(this.#opened).snapshot;
  }

  async saveSnapshot(snapshot: SnapshotToKeep): Promise<void> {
    const { generation, snapshots } = this.#opened;
    await generation.whenDurable(snapshot.position);
    if (this.#installing) throw new DualpingError('busy', 'the journal is about to be replaced');
    this.#found = undefined;
    await snapshots.save(snapshot);
  }

  copyThrough(through: Position, held?: HeldCopy): CopySource {
    const { generation, snapshots } = this.#opened;
    invariant(through <= generation.durable, 'journal-is-contiguous', {
      through,
      durable: generation.durable,
    });
    const { file } = snapshots.newest((info) => info.position <= through && isOfGeneration(info, generation));
    return copySource(generation, through, file, held);
  }

  get heldCopy(): HeldCopy | undefined {
    return this.#copy?.held;
  }

  async installCopy<Made>(
    content: CopyContent,
    pieces: AsyncIterable<CopyPiece>,
    { setAside }: { readonly setAside: boolean },
    make: (copied: JournalContent) => Promise<Made>,
  ): Promise<Made> {
    if (this.#installing) throw new DualpingError('busy', 'a snapshot is being installed already');
    if (this.#failure !== undefined) throw this.#failure;
    this.#installing = true;
    try {
      const writer = await this.#writerOf(content);
      await this.#write(writer, pieces);
      return await this.#install(writer, setAside, make);
    } catch (error) {
      throw storageFailed('installing a snapshot in', this.folder, error);
    } finally {
      this.#installing = false;
    }
  }

  noteKnown(known: Known): void {
    this.#mark.note(known, numbered(this.#opened));
  }

  async noteWelcome(networkId: NetworkId, lifeId: LifeId): Promise<void> {
    const recorded = this.#identity.networkId;
    if (recorded !== '' && recorded !== networkId)
      throw new DualpingError(
        'wrong-network',
        `data folder ${quote(this.folder)} belongs to network ${quote(recorded)}, and not to ${quote(networkId)}`,
      );
    await this.#changeIdentity({ networkId, welcomedLife: lifeId });
  }

  async renew(): Promise<JournalId> {
    const journalId = this.options.newJournalId();
    await this.#changeIdentity({ journalId, welcomedLife: '' });
    return journalId;
  }

  /**
   * Gives a journal that is `olderThan` what was known another id, and makes that known. In this order: if
   * the process dies between the two, the next start does the same again.
   */
  async goOnAsNew(): Promise<void> {
    await this.renew();
    await this.#mark.forgetCommitted(this.known, this.#opened.record.generation);
  }

  /** Records that the journal was opened once more. */
  writeIdentity(): Promise<void> {
    return this.#changeIdentity({});
  }

  #changeIdentity(change: Partial<Identity>): Promise<void> {
    this.#identityWrites.begun += 1;
    const written = this.#identityWritten.then(async () => {
      const identity = { ...this.#identity, ...change };
      try {
        await writeIdentity(this.files, this.folder, identity);
        this.#identityFile?.close();
        this.#identityFile = this.files.hold(identityPath(this.folder));
      } catch (error) {
        throw storageFailed('writing the identity in', this.folder, error);
      } finally {
        this.#identityWrites.ended += 1;
      }
      this.#identity = identity;
    });
    this.#identityWritten = written.catch(() => {});
    return written;
  }

  async look(): Promise<void> {
    const { generation } = this.#opened;
    if (!(await generation.isThere()) && generation === this.#generation) this.#lose(generation.folder);
    // A write of the identity replaces the file: then the next look says more.
    const { begun, ended } = this.#identityWrites;
    const file = this.#identityFile;
    if (file === undefined || begun !== ended) return;
    if (!(await file.isThere()) && begun === this.#identityWrites.begun) this.#lose(file.path);
  }

  /** What is at its paths now may be the folder of another server: nothing is written there. */
  #lose(path: string): void {
    this.#mark.abandon();
    const why = 'it was removed or replaced while the server ran, and what is written now is lost';
    this.#onFailed(new DualpingError('storage-failed', `${path} is not there any more: ${why}`));
  }

  async close(): Promise<void> {
    const { generation, snapshots } = this.#opened;
    await this.#copy?.abandon();
    await snapshots.idle();
    await this.#identityWritten;
    await this.#settingAside;
    await this.#mark.close();
    this.#identityFile?.close();
    this.#identityFile = undefined;
    await generation.close();
  }

  get #generation(): Generation {
    return this.#opened.generation;
  }

  /** The one that was held, if the copy goes on there; else a new one. */
  async #writerOf(content: CopyContent): Promise<CopyWriter> {
    const held = this.#copy;
    this.#copy = undefined;
    if (held?.isContinuedBy(content) === true) {
      await held.goOn(content);
      return held;
    }
    await held?.abandon();
    return await CopyWriter.begin(this.files, this.#nextPath, this.options.segmentBytes, content);
  }

  /** What has come is held when it breaks off, unless it is the disk that failed. */
  async #write(writer: CopyWriter, pieces: AsyncIterable<CopyPiece>): Promise<void> {
    try {
      for await (const piece of pieces) await writer.take(piece);
    } catch (error) {
      if (await writer.pause()) this.#copy = writer;
      else await this.#remove(writer);
      throw error;
    }
  }

  /** Nobody goes on with it. */
  async #remove(writer: CopyWriter): Promise<void> {
    await writer.abandon();
    await this.files.remove(writer.path).catch(() => {}); // otherwise the next opening removes it
  }

  get #nextPath(): string {
    return join(this.folder, generationName(this.#opened.record.generation + 1));
  }

  async #install<Made>(
    writer: CopyWriter,
    setAside: boolean,
    make: (copied: JournalContent) => Promise<Made>,
  ): Promise<Made> {
    const { files, folder } = this;
    const before = this.#opened;
    let found: Found | undefined;
    let made: Made;
    try {
      const record = await writer.finish(before.record.generation + 1);
      // Opened as after a restart: a generation that can't be opened must not replace one that can.
      found = await openGeneration(files, folder, record, this.options, { journal: this });
      made = await make(contentOf(found, this.known));
    } catch (error) {
      await found?.opened.generation.close().catch(() => {});
      await this.#remove(writer);
      throw error;
    }
    const { opened } = found;
    await before.generation.idle();
    await before.snapshots.idle();
    if (this.#failure !== undefined) {
      await opened.generation.close();
      throw this.#failure;
    }
    await this.#switchTo(opened);
    // It is valid from here on. The next opening removes what can't be removed now.
    await before.generation.close().catch(() => {});
    const { folder: replaced } = before.generation;
    if (setAside) await setAsideGeneration(files, folder, replaced).catch(() => {});
    else await files.remove(replaced).catch(() => {});
    return made;
  }

  async #switchTo(opened: Opened): Promise<void> {
    try {
      await writeCurrent(this.files, this.folder, opened.record);
    } catch (error) {
      // It is unknown which generation a restart would find: nothing may be reported durable any more.
      await opened.generation.close().catch(() => {});
      const failure = storageFailed('switching the journal in', this.folder, error);
      this.#onFailed(failure);
      throw failure;
    }
    this.#opened = opened;
    this.#found = undefined;
  }

  /** Called by generations; reports of former ones are ignored. */
  onDurable(generation: Generation | undefined, position: Position, checksum: number): void {
    if (generation === this.#generation && this.#failure === undefined)
      this.#listener?.durable(position, checksum);
  }

  onFailed(generation: Generation | undefined, error: DualpingError): void {
    if (generation === this.#generation) this.#onFailed(error);
  }

  #onFailed(error: DualpingError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#listener?.failed(error);
  }
}

async function openGeneration(
  files: FileOperations,
  folder: string,
  record: CurrentRecord,
  options: GenerationOptions,
  owner: { readonly journal?: SegmentedJournal },
): Promise<Found> {
  const path = join(folder, generationName(record.generation));
  let generation: Generation | undefined;
  generation = await Generation.open(files, path, record, options, {
    durable: (position, checksum) => owner.journal?.onDurable(generation, position, checksum),
    failed: (error) => owner.journal?.onFailed(generation, error),
  });
  const opened = { record, generation, snapshots: new Snapshots(files, path, await files.list(path)) };
  const { snapshot, problems } = newestSnapshot(opened);
  if (snapshot === undefined && record.position > 0) {
    await generation.close();
    const why = problems.join('; ') || 'it is gone';
    throw new DualpingError(
      'storage-failed',
      `${path} begins after position ${record.position} and has no snapshot up to there: ${why}; ${WHAT_TO_DO}`,
    );
  }
  return { opened, snapshot, problems };
}

const numbered = ({ record, generation }: Opened): NumberedGeneration => ({
  number: record.generation,
  generation,
});

/** Of a generation that does not count yet. */
const contentOf = ({ opened: { generation }, snapshot }: Found, known: Known): JournalContent => ({
  first: generation.first,
  last: generation.last,
  durableChecksum: generation.durableChecksum,
  known,
  readSnapshot: () => snapshot,
  replay: (from, to) => generation.replay(from, to),
  readOne: (position) => generation.readOne(position),
});

/** A snapshot can be used if the journal continues from its position. */
function newestSnapshot({ generation, snapshots }: Opened) {
  return snapshots.newest((info) => info.position <= generation.last && isOfGeneration(info, generation));
}

const isOfGeneration = ({ position, checksum }: SnapshotInfo, generation: Generation): boolean =>
  position >= generation.base.position && checksum === generation.checksumAt(position);
