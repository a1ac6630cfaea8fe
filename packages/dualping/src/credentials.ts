/**
 * Chooses the credentials of a command: the given ones, or those of a network that runs on this machine.
 *
 * Users' commands show no certificate: they only need to recognise the network. Operators' commands show one
 * if there is one.
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { type Address, DualpingError, quote } from '@dualping/core';
import type { Report } from '@dualping/host';
import type { NetworkCredentials, Part } from '@dualping/protocol';
import {
  fileOf,
  NETWORK_FILE,
  nameOf,
  partsIn,
  readCredentials,
  type WatchedCredentials,
  watchCredentials,
  watchNetworkFile,
} from '@dualping/security';
import { readPlaces } from './cluster/places.js';
import { LocalNetworks } from './local-networks.js';

/**
 * The operator of a network on this machine: `up` itself, and operators' commands of the same user, use this
 * certificate.
 */
export const LOCAL_OPERATOR: Part = { role: 'operator', name: 'up' };
/** The default data folder of `up`. */
const DEFAULT_DATA = 'dualping-data';

export interface Trust {
  readonly certs: string;
  readonly ca: string;
}

/** The called addresses, by which a network on this machine is recognised. */
type Called = readonly Address[];

export function userCredentials({ certs, ca }: Trust, called: Called): NetworkCredentials | undefined {
  if (ca !== '') return watchNetworkFile(ca);
  const folder = certs === '' ? localCerts(called) : certs;
  return folder === undefined ? undefined : networkIn(folder);
}

export function operatorCredentials({ certs, ca }: Trust, called: Called): NetworkCredentials | undefined {
  if (ca !== '') return watchNetworkFile(ca);
  const folder = certs === '' ? localCerts(called) : certs;
  return folder === undefined ? undefined : operatorIn(folder);
}

/** The folder of certificates of this user's network at one of these addresses. */
const localCerts = (called: Called): string | undefined =>
  certsAt(DEFAULT_DATA, called) ?? new LocalNetworks().certsAt(called);

/** Of the network that `up` runs in a data folder, if it runs with TLS at one of these addresses. */
export function certsAt(dataFolder: string, called: Called): string | undefined {
  const { certs, addresses } = readPlaces(dataFolder);
  if (certs === undefined || !existsSync(certs)) return undefined;
  return Object.values(addresses ?? {}).some((address) => called.includes(address)) ? certs : undefined;
}

/** Remembers that a part of this user's network listens there. @param certs its folder; empty: without TLS */
export const rememberAt = (address: Address, certs: string): void =>
  new LocalNetworks().remember(address, certs === '' ? undefined : certs);

/** As an operator, if the folder has the certificate of one; else as a user. */
export function operatorIn(folder: string): NetworkCredentials {
  const operator = operatorAmong(partsIn(existing(folder)), folder);
  return operator === undefined ? networkIn(folder) : readCredentials(folder, operator);
}

/** A machine with only one part has no `network.pem`: the part's own file contains the same certificate. */
export function networkIn(folder: string): NetworkCredentials {
  const [part] = partsIn(existing(folder));
  const file = join(folder, NETWORK_FILE);
  return part === undefined || existsSync(file) ? watchNetworkFile(file) : readCredentials(folder, part);
}

function operatorAmong(parts: readonly Part[], folder: string): Part | undefined {
  const operators = parts.filter(({ role }) => role === 'operator');
  const own: Part = { role: 'operator', name: ownName() };
  for (const preferred of [own, LOCAL_OPERATOR])
    if (operators.some((operator) => nameOf(operator) === nameOf(preferred))) return preferred;
  if (operators.length <= 1) return operators[0];
  const names = operators.map((operator) => quote(fileOf(folder, operator))).join(', ');
  const detail = `${quote(folder)} has certificates of several operators (${names}), and none is yours: give a folder with one`;
  throw new DualpingError('invalid-argument', detail);
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // no entry for this user, as in some containers
  }
}

function existing(folder: string): string {
  if (existsSync(folder)) return folder;
  throw new DualpingError(
    'invalid-argument',
    `folder ${quote(resolve(folder))} of certificates does not exist`,
  );
}

/** Credentials of a long-running part. Undefined: without TLS. */
export function partCredentials(
  certs: string,
  part: Part,
  { name, report }: { readonly name: string; readonly report: Report },
): WatchedCredentials | undefined {
  if (certs === '') return undefined;
  return watchCredentials(existing(certs), part, (event, text) => report({ part: name, event, text }));
}
