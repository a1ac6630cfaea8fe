/**
 * Which generation of the journal is valid, and where it begins.
 *
 * An installed snapshot replaces the old journal at the moment when this file is replaced: before that the
 * old generation is complete, after that the new one.
 */

import { join } from 'node:path';
import type { Position } from '@dualping/core';
import type { FileOperations } from '@dualping/host';
import type { HistoryRecord } from './journal.js';
import { readJson, replaceJson } from './json-file.js';
import { assertNotLater, damaged } from './storage-errors.js';

export interface CurrentRecord {
  /** Counts up from 1. */
  readonly generation: number;
  /** Position before its first entry, and the checksum up to there. */
  readonly position: Position;
  readonly checksum: number;
  readonly history: HistoryRecord;
}

const FORMAT = 1;
export const currentPath = (folder: string): string => join(folder, 'current.json');

const NAME = /^generation-(\d+)$/;
export const generationName = (generation: number): string => `generation-${generation}`;
export const generationNames = (names: readonly string[]): string[] =>
  names.filter((name) => NAME.test(name));

export function readCurrent(files: FileOperations, folder: string): CurrentRecord | undefined {
  const value = readJson(files, currentPath(folder));
  if (value === undefined) return undefined;
  const { format, ...record } = value as CurrentRecord & { format: number };
  assertNotLater(currentPath(folder), format, [FORMAT, FORMAT]);
  if (format !== FORMAT)
    throw damaged(currentPath(folder), 0, undefined, `format ${format} is not known here`);
  return record;
}

export function writeCurrent(files: FileOperations, folder: string, record: CurrentRecord): Promise<void> {
  return replaceJson(files, currentPath(folder), { format: FORMAT, ...record });
}
