/** Records the server and cluster of the journal in a folder; opening it for another one is refused. */

import { join } from 'node:path';
import { type ClusterId, DualpingError, quote, type ServerId, serverName } from '@dualping/core';
import type { FileOperations } from '@dualping/host';
import type { Identity } from './journal.js';
import { readJson, replaceJson } from './json-file.js';
import { assertNotLater, damaged } from './storage-errors.js';

const FORMAT = 2;
export const identityPath = (folder: string): string => join(folder, 'identity.json');

/** Everything except the life id, which belongs to the process that has the folder open. */
type RecordedIdentity = Omit<Identity, 'lifeId'>;

/** Undefined when the folder has none. */
export function readIdentity(files: FileOperations, folder: string): RecordedIdentity | undefined {
  const path = identityPath(folder);
  const value = readJson(files, path);
  if (value === undefined) return undefined;
  const { format, ...identity } = value as RecordedIdentity & { format: number };
  assertNotLater(path, format, [FORMAT, FORMAT]);
  if (format !== FORMAT) throw damaged(path, 0, undefined, `format ${format} is not known here`);
  return identity;
}

export function writeIdentity(
  files: FileOperations,
  folder: string,
  { lifeId: _, ...identity }: Identity,
): Promise<void> {
  return replaceJson(files, identityPath(folder), { format: FORMAT, ...identity });
}

export function assertSameServer(
  folder: string,
  recorded: RecordedIdentity,
  asked: { readonly cluster: ClusterId; readonly serverId: ServerId },
): void {
  if (recorded.cluster !== asked.cluster)
    throw new DualpingError(
      'wrong-cluster',
      `data folder ${quote(folder)} belongs to cluster ${recorded.cluster}, and not to cluster ${asked.cluster}`,
    );
  if (recorded.serverId !== asked.serverId)
    throw new DualpingError(
      'duplicate-server',
      `data folder ${quote(folder)} belongs to server ${serverName(recorded.serverId)}, and not to ${serverName(asked.serverId)}: each server needs a folder of its own`,
    );
}
