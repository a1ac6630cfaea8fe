/**
 * Moves the state of a router from its data folder to a shared store, or back. No router can run meanwhile:
 * the folder is locked, and this process leads in the store.
 *
 * At no moment both places are valid. The old place is marked first, and refuses routers from then on; the
 * new one is valid only when it is complete. After an interrupted move no place is valid, and the command has
 * to be run again.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  CLUSTERS_PREFIX,
  type ClusterRecord,
  DualpingError,
  HEADER_KEY,
  PATHS_PREFIX,
  quote,
} from '@dualping/core';
import { lockDataFolder } from '@dualping/host';
import type { PathAndData } from '@dualping/protocol';
import type { Entry, FencedStore } from '@dualping/runtime';
import { AssignmentStore, LOG_NAME } from '../store/assignment-store.js';
import {
  headerFromJson,
  headerToJson,
  type LogHeader,
  recordFromJson,
  recordToJson,
  versionFor,
} from '../store/log-lines.js';
import { isMoved, markMoved, unmarkMoved } from '../store/moved.js';
import { PathStore } from '../store/path-store.js';
import { leadOnce } from './lead-once.js';
import { checkStoreAccess, type StoreAccess } from './store-access.js';
import { parseStoreLocation } from './store-location.js';

export interface Move {
  readonly dataFolder: string;
  /** `etcd://…` */
  readonly store: string;
  /** TLS and password for the store; none when absent. */
  readonly storeAccess?: StoreAccess;
}

/** The moved content, after the comparison. */
export interface Moved {
  readonly networkId: string;
  readonly clusters: number;
  readonly paths: number;
}

interface Content {
  readonly header: LogHeader;
  readonly records: readonly ClusterRecord[];
  readonly paths: readonly PathAndData[];
}

/**
 * @throws DualpingError that says why it is refused; then nothing has changed, or the move can be repeated
 */
export async function moveToStore({ dataFolder, store, storeAccess = {} }: Move): Promise<Moved> {
  const at = { location: parseStoreLocation(store), access: checkStoreAccess(storeAccess) };
  const lock = requireStoreIn(dataFolder);
  try {
    const content = await readFolder(dataFolder);
    return await leadOnce(at, async (fenced) => {
      const known = readBelongings(fenced);
      refuseOther(content, known, { dataFolder, store });
      const isDone = known.header !== undefined && known.header.movedTo === undefined;
      if (isDone) return movedOf(content);
      markMoved(dataFolder, store);
      await write(fenced, [...content.records.map(entryOfRecord), ...content.paths.map(entryOfPath)]);
      requireEqual(content, await readStore(fenced, content.header));
      await write(fenced, [entryOfHeader(content.header, content.records)]);
      return movedOf(content);
    });
  } finally {
    lock.release();
  }
}

/**
 * @throws DualpingError that says why it is refused; then nothing has changed, or the move can be repeated
 */
export async function moveToFolder({ dataFolder, store, storeAccess = {} }: Move): Promise<Moved> {
  const at = { location: parseStoreLocation(store), access: checkStoreAccess(storeAccess) };
  if (existsSync(join(dataFolder, LOG_NAME)) && !isMoved(dataFolder))
    throw refused(`data folder ${quote(dataFolder)} has a router's store already`);
  const lock = lockDataFolder(dataFolder, 'router');
  try {
    return await leadOnce(at, async (fenced) => {
      const { header } = readBelongings(fenced);
      if (header === undefined) throw refused(`there is no network in store ${quote(store)}`);
      const { networkId, clusters, movedTo } = header;
      if (movedTo !== undefined && movedTo !== resolve(dataFolder))
        throw refused(
          `the network of store ${quote(store)} was moved to data folder ${quote(movedTo)} before`,
        );
      const content = await readStore(fenced, { networkId, clusters });
      if (isMoved(dataFolder)) await requireSameNetwork(dataFolder, content.header);
      markMoved(dataFolder, store);
      const left = { ...content.header, movedTo: resolve(dataFolder) };
      await write(fenced, [entryOfHeader(left, content.records)]);
      await AssignmentStore.replace(dataFolder, content.header, content.records);
      await PathStore.replace(dataFolder, content.paths);
      requireEqual(content, await readFolder(dataFolder));
      unmarkMoved(dataFolder);
      return movedOf(content);
    });
  } finally {
    lock.release();
  }
}

const refused = (detail: string): DualpingError => new DualpingError('invalid-argument', detail);

const entryOfHeader = (header: LogHeader, records: readonly ClusterRecord[]): Entry => ({
  key: HEADER_KEY,
  value: headerToJson(header, versionFor(records)),
});
const entryOfRecord = (record: ClusterRecord): Entry => ({
  key: `${CLUSTERS_PREFIX}${record.cluster}`,
  value: recordToJson(record),
});
const entryOfPath = ({ path, data }: PathAndData): Entry => ({ key: `${PATHS_PREFIX}${path}`, value: data });

const movedOf = ({ header, paths }: Content): Moved => ({ ...header, paths: paths.length });

function requireStoreIn(dataFolder: string) {
  if (!existsSync(join(dataFolder, LOG_NAME)))
    throw refused(`data folder ${quote(dataFolder)} has no router's store (${LOG_NAME})`);
  return lockDataFolder(dataFolder, 'router');
}

async function readFolder(dataFolder: string): Promise<Content> {
  const never = (): LogHeader => {
    throw new Error(`${LOG_NAME} has gone`);
  };
  const store = await AssignmentStore.open(dataFolder, never);
  const { header, records } = store;
  store.close();
  const paths = await PathStore.open(dataFolder);
  const all = paths.all;
  await paths.close();
  return { header, records, paths: all };
}

async function requireSameNetwork(dataFolder: string, { networkId }: LogHeader): Promise<void> {
  const { header } = await readFolder(dataFolder);
  if (header.networkId !== networkId)
    throw refused(`data folder ${quote(dataFolder)} is of network ${header.networkId}, not of ${networkId}`);
}

function readBelongings({ belongings }: FencedStore) {
  const { header, records } = belongings;
  return {
    header: header && headerFromJson(header.value),
    records: records.map(({ value }) => recordFromJson(value)),
  };
}

/** Refuses to overwrite another network, or a newer state of this one. */
function refuseOther(
  { header, records }: Content,
  known: ReturnType<typeof readBelongings>,
  { dataFolder, store }: Move,
): void {
  if (known.header === undefined) {
    if (known.records.length > 0 && !isMoved(dataFolder))
      throw refused(`store ${quote(store)} has records of clusters and no network: they are of another move`);
    return;
  }
  if (known.header.networkId !== header.networkId)
    throw refused(
      `store ${quote(store)} has network ${known.header.networkId}, and data folder ${quote(dataFolder)} ${header.networkId}`,
    );
  if (known.header.movedTo === undefined && !isMoved(dataFolder))
    throw refused(`store ${quote(store)} has this network already, and was not moved away`);
  if (known.header.movedTo === undefined) return; // the move was done before
  for (const { cluster, revision } of known.records) {
    const own = records.find((record) => record.cluster === cluster)?.revision ?? 0;
    if (own < revision)
      throw refused(
        `data folder ${quote(dataFolder)} is older than the store: revision ${own} of cluster ${cluster}, and ${revision} there`,
      );
  }
}

async function readStore(fenced: FencedStore, header: LogHeader): Promise<Content> {
  const records = await list(fenced, CLUSTERS_PREFIX);
  const paths = await list(fenced, PATHS_PREFIX);
  return {
    header,
    records: records.map(({ value }) => recordFromJson(value)),
    paths: paths.map(({ key, value }) => ({ path: key.slice(PATHS_PREFIX.length), data: value })),
  };
}

/** The copy was read again; if it differs it must not become valid. */
function requireEqual(written: Content, found: Content): void {
  const textOf = ({ header, records, paths }: Content): string =>
    JSON.stringify([
      header.networkId,
      header.clusters,
      [...records].sort((one, other) => one.cluster - other.cluster).map(recordToJson),
      [...paths].sort((one, other) => (one.path < other.path ? -1 : 1)),
    ]);
  if (textOf(written) === textOf(found)) return;
  throw new DualpingError('storage-failed', 'the copy differs from what was written, so it is not used');
}

async function write(fenced: FencedStore, entries: readonly Entry[]): Promise<void> {
  await new Promise<void>((resolve, reject) => fenced.write(entries, resolve, () => reject(deposed())));
}

async function list(fenced: FencedStore, prefix: string) {
  return await new Promise<readonly { readonly key: string; readonly value: string }[]>((resolve, reject) =>
    fenced.list(prefix, resolve, () => reject(deposed())),
  );
}

const deposed = (): DualpingError =>
  new DualpingError('may-have-happened', 'another router leads now, or the store does not answer: repeat it');
