/**
 * Opens the journal in a data folder, or makes one.
 *
 *     identity.json its owner, and how often it was opened current.json which generation is valid, and where
 *     it begins known-mark what the server knew when it was last written generation-1/ journal-… history-…
 *     snapshot-… durable-mark set-aside/ cut entries and replaced journals
 *
 * A new journal gets its identity last, so that a folder without one never held an entry.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import {
  type ClusterId,
  DualpingError,
  type JournalId,
  type LifeId,
  quote,
  type ServerId,
} from '@dualping/core';
import {
  type DiskTimer,
  type FileOperations,
  nodeFiles,
  readWholeIfThere,
  storageFailed,
  TEMPORARY,
} from '@dualping/host';
import {
  type CurrentRecord,
  currentPath,
  generationName,
  generationNames,
  readCurrent,
  writeCurrent,
} from './current-file.js';
import type { GenerationOptions } from './generation.js';
import { assertSameServer, readIdentity } from './identity-file.js';
import type { Identity, Journal } from './journal.js';
import { makeEmptyGeneration } from './new-generation.js';
import { SEGMENT_HEADER_BYTES, segmentNames } from './segment.js';
import { SegmentedJournal } from './segmented-journal.js';
import { setAsideGeneration } from './set-aside.js';
import { damaged, WHAT_TO_DO } from './storage-errors.js';
import { timedFiles } from './timed-files.js';

/**
 * A segment is verified in one step, which takes some 70 ms for this size: a server that installs a snapshot
 * still pings in time. A million posts make ten segments.
 */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Minutes of posts under load: enough for standbys and timelines that keep up. */
const TAIL_CACHE_BYTES = 16 * 1024 * 1024;
/** 128 bits: no two lives ever have the same id. */
const LIFE_ID_BYTES = 16;

export interface JournalOptions {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  /** Size at which the next segment is begun, bytes. */
  readonly segmentBytes?: number;
  /** Memory for the newest entries, bytes. Entries that aren't durable yet are kept in any case. */
  readonly tailCacheBytes?: number;
  readonly newJournalId?: () => JournalId;
  readonly newLifeId?: () => LifeId;
  readonly files?: FileOperations;
  /** Gets the begin and end of each disk operation. Default: none. */
  readonly disk?: DiskTimer | undefined;
}

/**
 * Rejects as `storage-failed` when the journal is damaged (file, byte and position are named) or can't be
 * read or written, as `wrong-cluster` or `duplicate-server` when the folder belongs to another cluster or
 * server. The folder must be locked against other processes.
 */
export async function openJournal(folder: string, options: JournalOptions): Promise<Journal> {
  try {
    const { disk, files = nodeFiles } = options;
    return await open(folder, {
      segmentBytes: SEGMENT_BYTES,
      tailCacheBytes: TAIL_CACHE_BYTES,
      newJournalId: randomUUID,
      newLifeId: () => randomBytes(LIFE_ID_BYTES).toString('hex'),
      ...options,
      disk,
      files: disk === undefined ? files : timedFiles(files, disk),
    });
  } catch (error) {
    throw storageFailed('opening the journal in', folder, error);
  }
}

type AllOptions = Required<Omit<JournalOptions, 'disk'>> & Pick<GenerationOptions, 'disk'>;

async function open(folder: string, options: AllOptions): Promise<Journal> {
  const { files, cluster, serverId, newJournalId, newLifeId } = options;
  await files.makeFolder(folder);
  const recorded = readIdentity(files, folder);
  if (recorded !== undefined) assertSameServer(folder, recorded, options);
  const known = readCurrent(files, folder);
  // Written again: after a failed sync it may read correctly and still not be on disk.
  if (known !== undefined) await writeCurrent(files, folder, known);
  const record = known ?? (await begin(files, folder, recorded));
  if (recorded === undefined) await assertNothingWritten(files, folder, generationName(record.generation));
  await assertThere(files, folder, record);
  await removeTemporary(files, folder, record);

  const identity: Identity = {
    ...(recorded ?? { networkId: '', cluster, serverId, journalId: newJournalId(), welcomedLife: '' }),
    incarnation: (recorded?.incarnation ?? 0) + 1,
    lifeId: newLifeId(),
  };
  const journal = await SegmentedJournal.open(
    files,
    folder,
    options satisfies GenerationOptions & Pick<JournalOptions, 'newJournalId'>,
    identity,
    record,
  );
  try {
    const isOlder = journal.olderThan !== undefined;
    await clearOtherGenerations(files, folder, record, isOlder);
    // Before it says anything to a router: that must not take it for the holder of the journal that was here.
    if (isOlder) await journal.goOnAsNew();
    else await journal.writeIdentity();
  } catch (error) {
    await journal.close().catch(() => {}); // the first error is more useful
    throw error;
  }
  return journal;
}

/** Makes the first generation; replaces the remains of an unfinished attempt. */
async function begin(
  files: FileOperations,
  folder: string,
  recorded: { readonly journalId: JournalId } | undefined,
): Promise<CurrentRecord> {
  if (recorded !== undefined)
    throw damaged(
      currentPath(folder),
      0,
      undefined,
      `it is gone, but there is a journal ${recorded.journalId}`,
    );
  for (const name of generationNames(await files.list(folder)))
    await assertNothingWritten(files, folder, name);
  const record = await makeEmptyGeneration(files, folder, 1);
  await writeCurrent(files, folder, record);
  // The folder's own entry too: the process that made the folder may have died before that was durable.
  await files.syncFolder(dirname(resolve(folder)));
  return record;
}

/** Entries of a journal that has lost its identity must not be taken for leftovers. */
async function assertNothingWritten(files: FileOperations, folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  for (const segment of segmentNames('journal', await files.list(path))) {
    const bytes = readWholeIfThere(files, join(path, segment));
    if (bytes !== undefined && bytes.length > SEGMENT_HEADER_BYTES)
      throw new DualpingError(
        'storage-failed',
        `data folder ${quote(folder)} has entries in ${name}, but its identity.json or current.json is gone; ${WHAT_TO_DO}`,
      );
  }
}

/** A current.json of an earlier moment names a generation that was replaced since. */
async function assertThere(files: FileOperations, folder: string, record: CurrentRecord): Promise<void> {
  const name = generationName(record.generation);
  if (!(await files.list(folder)).includes(name))
    throw damaged(currentPath(folder), 0, undefined, `it names ${name}, which is gone`);
}

/**
 * Removes generations that were never valid or no longer are. Only when the current one has been opened: if
 * it is damaged, another one may hold the newer entries. `isOlder`: it was put in the place of a newer one,
 * which may be one of these; then they are set aside.
 */
async function clearOtherGenerations(
  files: FileOperations,
  folder: string,
  record: CurrentRecord,
  isOlder: boolean,
): Promise<void> {
  const current = generationName(record.generation);
  for (const name of generationNames(await files.list(folder))) {
    if (name === current) continue;
    if (isOlder) await setAsideGeneration(files, folder, join(folder, name));
    else await files.remove(join(folder, name));
  }
}

/** Removes files that never got their final name. */
async function removeTemporary(files: FileOperations, folder: string, record: CurrentRecord): Promise<void> {
  const current = join(folder, generationName(record.generation));
  for (const path of [folder, current])
    for (const name of await files.list(path))
      if (name.endsWith(TEMPORARY)) await files.remove(join(path, name));
}
