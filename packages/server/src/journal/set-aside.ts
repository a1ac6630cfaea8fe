/**
 * Entries and generations that are no longer part of the journal, kept for a person to look at.
 *
 *     set-aside/cut-000001-412        entries from 412 on, as a segment of the journal
 *     set-aside/generation-000002 a whole generation, unchanged
 *
 * As far as this server knows, cut entries were never acknowledged. The newest are kept; they can be removed
 * at any time.
 */
import { dirname, join } from 'node:path';
import type { Position } from '@dualping/core';
import type { FileOperations } from '@dualping/host';
import { FrameFileWriter } from './frame-file-writer.js';
import { encodeSegmentHeader } from './segment.js';

const SET_ASIDE = 'set-aside';
/** Cuts are usually a few kilobytes, and at most a primary's uncommitted entries: 64 MB. */
const MAX_CUTS = 16;
/** Each generation is as large as a journal. */
const MAX_GENERATIONS = 2;

const NUMBERED = /^(cut|generation)-(\d{6})/;
type Kind = 'cut' | 'generation';

async function place(files: FileOperations, folder: string, kind: Kind, suffix: string): Promise<string> {
  const path = join(folder, SET_ASIDE);
  await files.makeFolder(path);
  const numbers = (await files.list(path)).map((name) => Number(NUMBERED.exec(name)?.[2] ?? 0));
  const next = String(Math.max(0, ...numbers) + 1).padStart(6, '0');
  return join(path, `${kind}-${next}${suffix}`);
}

/** Removes the oldest beyond `most`. */
async function prune(files: FileOperations, folder: string, kind: Kind, most: number): Promise<void> {
  const path = join(folder, SET_ASIDE);
  const names = (await files.list(path)).filter((name) => name.startsWith(`${kind}-`)).sort();
  for (const name of names.slice(0, Math.max(0, names.length - most))) await files.remove(join(path, name));
}

/**
 * Keeps entries from `first` on aside; `seed` is the checksum of the journal before them. Resolves when they
 * are durable.
 */
export async function setAsideEntries(
  files: FileOperations,
  folder: string,
  first: Position,
  seed: number,
  payloads: readonly Buffer[],
): Promise<void> {
  const path = await place(files, folder, 'cut', `-${first}`);
  const header = encodeSegmentHeader({ kind: 'journal', first, seed });
  const writer = await FrameFileWriter.create(files, path, header, seed);
  try {
    for (const [index, payload] of payloads.entries()) await writer.add(first + index, payload);
    await writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  await files.syncFolder(dirname(path));
  await prune(files, folder, 'cut', MAX_CUTS);
}

/** Moves a generation's folder; it must not be in use any more. */
export async function setAsideGeneration(
  files: FileOperations,
  folder: string,
  generationFolder: string,
): Promise<void> {
  await files.rename(generationFolder, await place(files, folder, 'generation', ''));
  await prune(files, folder, 'generation', MAX_GENERATIONS);
}
