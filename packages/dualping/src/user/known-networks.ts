/**
 * The networks that this person knows, by the addresses of their routers, as ssh knows hosts.
 *
 *     ~/.config/dualping/known-networks.json      {"10.0.0.1:7070": {"fingerprint": …, "certificate": PEM}}
 *
 * At a known address only that network is accepted: another certificate there is refused.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Address, DualpingError, isKeyText, quote } from '@dualping/core';
import { PRIVATE_FILE, PRIVATE_FOLDER, replaceFileNow } from '@dualping/host';
import { configFolder } from './config-folder.js';

export interface KnownNetwork {
  /** The hash of the network's own key, the first in `NetworkCredentials.authorityHashes`. */
  readonly fingerprint: string;
  /** The network's own certificate, PEM; two while it is replaced. */
  readonly certificate: string;
}

export const knownNetworksFile = (): string => join(configFolder(), 'known-networks.json');

const SHOWN_AS = 'SHA256:';

/** How a fingerprint is shown to people. */
export const fingerprintText = (fingerprint: string): string => `${SHOWN_AS}${fingerprint}`;

/** As people type it. @throws DualpingError `invalid-argument` that quotes what is none */
export function fingerprintIn(text: string): string {
  const fingerprint = text.startsWith(SHOWN_AS) ? text.slice(SHOWN_AS.length) : text;
  if (isKeyText(fingerprint)) return fingerprint;
  throw new DualpingError(
    'invalid-argument',
    `${quote(text)} is no fingerprint: ${SHOWN_AS} and 43 characters`,
  );
}

/** Undefined: none of these addresses is known. @throws DualpingError for a file that can't be read */
export function knownNetworkAt(routers: readonly Address[]): KnownNetwork | undefined {
  const known = read();
  for (const router of routers) {
    const network = known.get(router);
    if (network !== undefined) return network;
  }
  return undefined;
}

export function rememberNetwork(routers: readonly Address[], network: KnownNetwork): void {
  const known = read();
  for (const router of routers) known.set(router, network);
  const path = knownNetworksFile();
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  const content = `${JSON.stringify(Object.fromEntries(known), undefined, 2)}\n`;
  replaceFileNow(path, content, { mode: PRIVATE_FILE, temporary: `${path}.${process.pid}` });
}

function read(): Map<Address, KnownNetwork> {
  const path = knownNetworksFile();
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
  const networks = parsed(path, content);
  // A broken file must not make every network a new one.
  for (const [address, network] of networks)
    if (!isKnown(network)) throw unreadable(path, `${quote(address)} has no fingerprint and certificate`);
  return new Map(networks.filter((entry): entry is [Address, KnownNetwork] => isKnown(entry[1])));
}

function parsed(path: string, content: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(content) ?? {});
  } catch {
    throw unreadable(path, 'it is not JSON');
  }
}

const isKnown = (value: unknown): value is KnownNetwork =>
  typeof value === 'object' &&
  value !== null &&
  'fingerprint' in value &&
  typeof value.fingerprint === 'string' &&
  'certificate' in value &&
  typeof value.certificate === 'string';

const unreadable = (path: string, why: string): DualpingError =>
  new DualpingError('invalid-argument', `known networks ${JSON.stringify(path)} can't be read: ${why}`);
