/**
 * The logs of what runs on this machine, for whoever looks at one server: those that `up` and `start` write
 * for all of theirs, or that of one server that was started with `server --supervised`.
 *
 * A folder is believed only as far as it says the same as the router: who asks for a server of another
 * network must not be shown the log of one that has the same name here.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, DualpingError, quote } from '@dualping/core';
import { logFile } from '@dualping/host';
import type { ProcessLog } from '@dualping/terminal';
import { readPlaces } from '../cluster/places.js';

/** What is read of a log: some hundred lines, far more than a screen has. */
const MOST_BYTES = 64 * 1024;
const MOST_LINES = 300;

export type LogOf = (name: string, address: Address | undefined) => Promise<ProcessLog>;

/**
 * @param isGiven whether somebody has named the folder: else it is only looked at if it is that network's
 * @returns undefined where there are no logs to be read
 * @throws DualpingError `invalid-argument` for a folder that was named and is not of that network
 */
export function logsIn(folder: string, routers: readonly Address[], isGiven: boolean): LogOf | undefined {
  const { addresses = {} } = readPlaces(folder);
  const router = new Map(Object.entries(addresses)).get('router');
  if (router !== undefined && routers.map(numeric).includes(router)) return ofNetwork(folder, addresses);
  const single = router === undefined ? singleServer(folder) : undefined;
  if (single !== undefined) return ofServer(folder, single);
  if (!isGiven) return undefined;
  if (!existsSync(folder)) throw refused(`there is no folder ${quote(folder)}`);
  if (router === undefined) throw refused(`folder ${quote(folder)} is not one of \`up\`, nor of a server`);
  throw refused(`folder ${quote(folder)} is of the network at ${router}, not of ${routers.join(', ')}`);
}

/** As a folder has it. */
const numeric = (address: Address): Address => address.replace(/^localhost:/, '127.0.0.1:');

const refused = (text: string): DualpingError => new DualpingError('invalid-argument', `--data: ${text}`);

const ofNetwork =
  (folder: string, addresses: Readonly<Record<string, Address>>): LogOf =>
  async (name, address) => {
    const known = addresses[name];
    if (known === undefined) throw refused(`${quote(folder)} knows of no ${name}`);
    if (address !== undefined && address !== known)
      throw refused(`${name} of ${quote(folder)} is at ${known}, the router's ${name} is at ${address}`);
    return readEnd(logFile(folder, name));
  };

/** `s1`, and `c2/s1` where there are several clusters. */
const ofServer =
  (folder: string, names: readonly string[]): LogOf =>
  async (name) => {
    if (!names.includes(name)) throw refused(`${quote(folder)} is the folder of ${names[0]}, not of ${name}`);
    return readEnd(logFile(folder, 'server'));
  };

/** The names of the server whose folder it is. */
function singleServer(folder: string): readonly string[] | undefined {
  if (!existsSync(logFile(folder, 'server'))) return undefined;
  try {
    const { serverId, cluster } = JSON.parse(readFileSync(join(folder, 'identity.json'), 'utf8')) as {
      readonly serverId?: unknown;
      readonly cluster?: unknown;
    };
    if (typeof serverId !== 'number' || typeof cluster !== 'number') return undefined;
    return cluster === 1 ? [`s${serverId}`, `c1/s${serverId}`] : [`c${cluster}/s${serverId}`];
  } catch {
    return undefined; // no server of ours
  }
}

function readEnd(path: string): ProcessLog {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw refused(`${quote(path)} cannot be read: ${code ?? String(error)}`);
  }
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - MOST_BYTES);
    const bytes = Buffer.alloc(size - from);
    const read = readSync(descriptor, bytes, 0, bytes.length, from);
    const lines = bytes.toString('utf8', 0, read).split('\n');
    // The first may have begun before what was read; what follows the last line break is not a line yet, or
    // nothing.
    const whole = lines.slice(from > 0 ? 1 : 0, -1);
    return { path, lines: whole.slice(-MOST_LINES) };
  } finally {
    closeSync(descriptor);
  }
}
