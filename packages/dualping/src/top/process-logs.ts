/**
 * The logs of processes on this machine, for the detail view of a server: those that `up` and `start` write
 * for their processes, or the log of a server that was started with `server --supervised`.
 *
 * A folder counts only if it agrees with the router: for a server of another network the view must not show
 * the log of a server with the same name here.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, DualpingError, quote } from '@dualping/core';
import { logFile } from '@dualping/host';
import type { ProcessLog } from '@dualping/terminal';
import { readPlaces } from '../cluster/places.js';

/** Most bytes that are read of a log: some hundred lines, far more than a screen has. */
const MOST_BYTES = 64 * 1024;
const MOST_LINES = 300;
/** The only router of a network, or one of several. */
const ROUTER = /^router\d*$/;

export type LogOf = (name: string, address: Address | undefined) => Promise<ProcessLog>;

/**
 * @param isGiven whether the user named the folder: else it is used only if it belongs to that network
 * @returns undefined when there are no logs to read
 * @throws DualpingError `invalid-argument` for a named folder that does not belong to that network
 */
export function logsIn(folder: string, routers: readonly Address[], isGiven: boolean): LogOf | undefined {
  const { addresses = {} } = readPlaces(folder);
  const own = Object.entries(addresses).flatMap(([name, address]) => (ROUTER.test(name) ? [address] : []));
  if (routers.map(numeric).some((router) => own.includes(router))) return ofNetwork(folder, addresses);
  const single = own.length === 0 ? singleServer(folder) : undefined;
  if (single !== undefined) return ofServer(folder, single);
  if (!isGiven) return undefined;
  if (!existsSync(folder)) throw refused(`there is no folder ${quote(folder)}`);
  if (own.length === 0) throw refused(`folder ${quote(folder)} is not one of \`up\`, nor of a server`);
  const [theirs, asked] = [own, routers].map((addresses) => addresses.join(', '));
  throw refused(`folder ${quote(folder)} is of the network at ${theirs}, not of ${asked}`);
}

/** The form in which a folder has the address. */
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

/** The possible names of the server that owns the folder. */
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
    return undefined; // no dualping server
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
    // The first line may be incomplete at its beginning. What follows the last line break is an incomplete
    // line, or empty.
    const whole = lines.slice(from > 0 ? 1 : 0, -1);
    return { path, lines: whole.slice(-MOST_LINES) };
  } finally {
    closeSync(descriptor);
  }
}
