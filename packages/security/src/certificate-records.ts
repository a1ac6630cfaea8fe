/** The records of made and of revoked certificates: two JSON files in a folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DualpingError, quote, type WallTimeMs } from '@dualping/core';
import { nodeFiles, replaceFile } from '@dualping/host';
import { ISSUED_FILE, REVOKED_FILE } from './layout.js';

/** A certificate that was made. */
export interface Issued {
  /** `server-1-2`. */
  readonly name: string;
  readonly serial: string;
  readonly madeAtMs: WallTimeMs;
  readonly notAfterMs: WallTimeMs;
  /** Serial number of the network's certificate that signed it; absent before the first rotation. */
  readonly authority?: string;
}

export interface Revoked {
  readonly name: string;
  readonly serial: string;
  readonly atMs: WallTimeMs;
}

/** Only the owner may read and write files in a folder of certificates. */
export const OWNER_ONLY = 0o600;

export const readIssued = (folder: string): readonly Issued[] =>
  readRecords(join(folder, ISSUED_FILE), isIssued);

export const readRevoked = (folder: string): readonly Revoked[] =>
  readRecords(join(folder, REVOKED_FILE), isRevoked);

export const writeIssued = async (folder: string, records: readonly Issued[]): Promise<void> =>
  await writeRecords(join(folder, ISSUED_FILE), records);

export const writeRevoked = async (folder: string, records: readonly Revoked[]): Promise<void> =>
  await writeRecords(join(folder, REVOKED_FILE), records);

export async function writeOwn(path: string, text: string): Promise<void> {
  await replaceFile(nodeFiles, path, Buffer.from(text), { mode: OWNER_ONLY });
}

const writeRecords = async (path: string, records: readonly object[]): Promise<void> =>
  await writeOwn(path, `${JSON.stringify(records, undefined, 2)}\n`);

/** No file: no records yet. A file that can't be read must not count as "nothing is revoked". */
function readRecords<T>(path: string, is: (value: unknown) => value is T): readonly T[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(path, error);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (!Array.isArray(parsed) || !parsed.every(is)) throw unreadable(path, 'it is not a list of certificates');
  return parsed;
}

const unreadable = (path: string, cause: unknown): DualpingError =>
  new DualpingError(
    'invalid-argument',
    `${quote(path)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );

function isRevoked(value: unknown): value is Revoked {
  const { name, serial, atMs } = fieldsOf(value);
  return typeof name === 'string' && isSerial(serial) && typeof atMs === 'number';
}

function isIssued(value: unknown): value is Issued {
  const { name, serial, madeAtMs, notAfterMs, authority } = fieldsOf(value);
  return (
    (authority === undefined || isSerial(authority)) &&
    typeof name === 'string' &&
    isSerial(serial) &&
    typeof madeAtMs === 'number' &&
    typeof notAfterMs === 'number'
  );
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const isSerial = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]+$/.test(value);
