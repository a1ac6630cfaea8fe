/**
 * The processes that run in a data folder. They are found by their locks, so it does not matter how they were
 * started or how others ended; processes without a folder are found in the file of `up`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Address, DualpingError, quote } from '@dualping/core';
import { type Holder, holderOf, isRunning } from '@dualping/host';
import { SupervisionFolder } from '../supervisor/supervision-folder.js';
import { UP_ROLE } from './local-cluster.js';
import { readPlaces } from './places.js';

/** A process of a folder. */
export interface RunningProcess {
  /** `up`, `supervisor`, `router`, `s1`; `server` for a server with a folder of its own. */
  readonly name: string;
  readonly holder: Holder;
  readonly address: Address | undefined;
}

export interface RunningProcesses {
  /** Absolute. */
  readonly folder: string;
  /**
   * The process that supervises the others, and has to be signalled to end them; undefined when there is
   * none.
   */
  readonly head: RunningProcess | undefined;
  readonly others: readonly RunningProcess[];
}

/**
 * Throws `no-available-server` when there is no such folder: then nothing runs there.
 */
export function runningIn(dataFolder: string): RunningProcesses {
  const folder = resolve(dataFolder);
  if (!existsSync(folder))
    throw new DualpingError('no-available-server', `data folder ${quote(folder)} does not exist`);
  const own = holderOf(folder);
  if (own?.role === UP_ROLE) return membersOfCluster(folder, { name: 'up', holder: own, address: undefined });
  const { supervisor } = new SupervisionFolder(folder);
  const head = supervisor && { name: 'supervisor', holder: supervisor, address: undefined };
  if (own !== undefined) return { folder, head, others: [serverOrRouter(folder, own)] };
  // When `up` is gone, its processes are about to end; those that still run are shown.
  return head === undefined ? membersOfCluster(folder, undefined) : { folder, head, others: [] };
}

function serverOrRouter(folder: string, holder: Holder): RunningProcess {
  const address = new SupervisionFolder(folder).placeOf(holder)?.address;
  return { name: holder.role.startsWith('server') ? 'server' : holder.role, holder, address };
}

const MEMBER_FOLDER = /^(router|s[0-9]+)$/;
/** With several clusters each one has a folder for its servers. */
const CLUSTER_FOLDER = /^c[0-9]+$/;
const byName = (a: RunningProcess, b: RunningProcess): number =>
  a.name.localeCompare(b.name, 'en', { numeric: true });

function membersOfCluster(folder: string, head: RunningProcess | undefined): RunningProcesses {
  const { addresses, processes = {} } = readPlaces(folder);
  const withFolder = memberFolders(folder).flatMap((name): RunningProcess[] => {
    const holder = holderOf(join(folder, name));
    return holder === undefined ? [] : [{ name, holder, address: addresses?.[name] }];
  });
  const without = Object.entries(processes).flatMap(([name, identity]): RunningProcess[] =>
    isRunning(identity) ? [{ name, holder: { ...identity, role: name }, address: addresses?.[name] }] : [],
  );
  return { folder, head, others: [...withFolder, ...without].sort(byName) };
}

/** `router`, `s1`, `c2/s1`. */
function memberFolders(folder: string): string[] {
  const names = readdirSync(folder);
  const inClusters = names
    .filter((name) => CLUSTER_FOLDER.test(name))
    .flatMap((cluster) => readdirSync(join(folder, cluster)).map((name) => `${cluster}/${name}`));
  return [...names, ...inClusters].filter((name) => MEMBER_FOLDER.test(name.split('/').at(-1) ?? ''));
}
