/** The snapshots of one generation: the newest complete one is used, and the one before it is kept too. */
import { join } from 'node:path';
import type { Position } from '@dualping/core';
import { type FileOperations, storageFailed } from '@dualping/host';
import { breathe } from '../breathe.js';
import type { Snapshot, SnapshotInfo, SnapshotToKeep } from './journal.js';
import { bytesOfSnapshot, SnapshotWriter, snapshotIn, snapshotNames } from './snapshot-file.js';

/** If the newest is damaged, the one before it only causes a longer replay. */
const SNAPSHOTS_KEPT = 2;

/** A snapshot as it is on disk. */
export interface SnapshotFile {
  readonly position: Position;
  readonly bytes: Buffer;
}

export class Snapshots {
  #saving: Promise<unknown> = Promise.resolve();
  #names: readonly string[];

  constructor(
    readonly files: FileOperations,
    readonly folder: string,
    /** All names in the folder. */
    names: readonly string[],
  ) {
    this.#names = snapshotNames(names);
  }

  /** The newest complete snapshot that `fits`, and texts about the problems of newer ones. */
  newest(fits: (info: SnapshotInfo) => boolean): {
    readonly snapshot: Snapshot | undefined;
    readonly file: SnapshotFile | undefined;
    readonly problems: readonly string[];
  } {
    const problems: string[] = [];
    for (const name of this.#names) {
      const path = join(this.folder, name);
      try {
        const bytes = bytesOfSnapshot(this.files, path);
        const snapshot = snapshotIn(bytes, path);
        const { position } = snapshot;
        if (fits(snapshot)) return { snapshot, file: { position, bytes }, problems };
        problems.push(`${path} (position ${position}) is not of this journal`);
      } catch (error) {
        problems.push(storageFailed('reading', path, error).detail);
      }
    }
    return { snapshot: undefined, file: undefined, problems };
  }

  /** Saves snapshots one after another; resolves when this one is durable. */
  save(snapshot: SnapshotToKeep): Promise<void> {
    const saved = this.#saving.then(() => this.#save(snapshot));
    this.#saving = saved.catch(() => {}); // the caller gets the error; the next save is tried nevertheless
    return saved;
  }

  /** Resolves when nothing is being saved. */
  async idle(): Promise<void> {
    await this.#saving;
  }

  async #save(snapshot: SnapshotToKeep): Promise<void> {
    try {
      const writer = await SnapshotWriter.create(this.files, this.folder, snapshot);
      try {
        for (const part of snapshot.parts) {
          await writer.add(part);
          await breathe(); // the write may end at once, and encoding the next part is long
        }
        await writer.finish();
      } catch (error) {
        await writer.abandon().catch(() => {}); // the first error is more useful
        throw error;
      }
      const names = snapshotNames(await this.files.list(this.folder));
      for (const name of names.slice(SNAPSHOTS_KEPT)) await this.files.remove(join(this.folder, name));
      this.#names = names.slice(0, SNAPSHOTS_KEPT);
    } catch (error) {
      throw storageFailed('saving a snapshot in', this.folder, error);
    }
  }
}
