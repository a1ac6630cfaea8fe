/** Makes, renews and revokes the certificates of a network's parts, for `dualping certs`. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DualpingError, quote } from '@dualping/core';
import {
  type DataFolderLock,
  FolderInUse,
  lockDataFolder,
  mendFolder,
  PRIVATE_FOLDER,
  storageFailed,
} from '@dualping/host';
import { type CertifiedNetwork, NetworkCredentials, type Part, PEM_BLOCK } from '@dualping/protocol';
import {
  type Issued,
  readIssued,
  readRevoked,
  writeIssued,
  writeOwn,
  writeRevoked,
} from './certificate-records.js';
import { AUTHORITY_FILE, fileOf, NETWORK_FILE, nameOf, PEM, partIn, REVOKED_FILE } from './layout.js';

/** Ten years, days. An operator can ask for less. */
export const DEFAULT_DAYS = 3_650;
/** The network's own certificate, days: longer than any certificate that it signs in its first ten years. */
const AUTHORITY_DAYS = 2 * DEFAULT_DAYS;
const NETWORK_BYTES = 6;
/** So long after a rotation has begun who knows the former certificate can follow by itself, days. */
const SUCCESSION_DAYS = 90;

/** A certificate and its state. */
export interface CertificateState extends Issued {
  readonly revokedAtMs: number | undefined;
  /** Whether it is the certificate in the file of its part. */
  readonly isCurrent: boolean;
  /** Whether the network's certificate that signed it is no longer trusted. */
  readonly isOfFormer: boolean;
}

export const hasNetwork = (folder: string): boolean => existsSync(join(folder, AUTHORITY_FILE));

/** Makes a network. @throws DualpingError `invalid-argument` when there is one in the folder */
export async function initNetwork(folder: string): Promise<CertifiedNetwork> {
  return await changing(folder, async () => {
    if (hasNetwork(folder))
      throw new DualpingError('invalid-argument', `there is a network in ${quote(folder)} already`);
    return await makeNetwork(folder);
  });
}

async function makeNetwork(folder: string): Promise<CertifiedNetwork> {
  const { makeAuthority } = await import('./x509.js');
  const network = randomBytes(NETWORK_BYTES).toString('hex');
  const { certificate, key } = await makeAuthority(network, AUTHORITY_DAYS);
  await writeOwn(join(folder, NETWORK_FILE), certificate);
  // Last: with this file the network exists.
  await writeOwn(join(folder, AUTHORITY_FILE), key + certificate);
  return network;
}

/** Makes a new key and certificate for each, which replace those in its file. */
export async function issue(
  folder: string,
  parts: readonly Part[],
  days: number = DEFAULT_DAYS,
): Promise<readonly Issued[]> {
  return await changing(folder, async () => await make(folder, parts, days));
}

async function make(folder: string, parts: readonly Part[], days: number): Promise<readonly Issued[]> {
  if (parts.length === 0) return [];
  const authority = readAuthority(folder);
  const { makeCertificate } = await import('./x509.js');
  const made = await Promise.all(
    parts.map(async (part) => {
      const identity = { ...part, network: authority.network };
      return { part, ...(await makeCertificate(authority, identity, days)) };
    }),
  );
  const records = made.map(({ part, serial, notAfter }) => ({
    name: nameOf(part),
    serial,
    madeAtMs: Date.now(),
    notAfterMs: notAfter.getTime(),
    authority: authority.serial,
  }));
  // The records come first: a certificate without a record could not be revoked.
  await writeIssued(folder, [...readIssued(folder), ...records]);
  await Promise.all(
    made.map(({ part, key, certificate }) =>
      writeOwn(fileOf(folder, part), key + certificate + authority.bundle),
    ),
  );
  return records;
}

/**
 * Makes what is missing: the network, and a certificate for each of these. Processes may do so at once.
 * @returns whether it made any
 */
export async function ensure(folder: string, parts: readonly Part[]): Promise<boolean> {
  const missing = () => parts.filter((part) => !existsSync(fileOf(folder, part)));
  if (hasNetwork(folder) && missing().length === 0) return false;
  return await changing(folder, async () => {
    const isNew = !hasNetwork(folder);
    if (isNew) await makeNetwork(folder);
    const made = await make(folder, missing(), DEFAULT_DAYS);
    return isNew || made.length > 0;
  });
}

/**
 * Gives each of these a folder of its own below `to`, named as its file, with what it needs and nothing else:
 * its own file, the network's certificate, and what was revoked. `network` has what users' clients need.
 * Folders may be one and the same place: for parts that run together.
 */
export async function deliver(folder: string, parts: readonly Part[], to: string): Promise<void> {
  await changing(folder, async () => {
    for (const name of [...parts.map(nameOf), basename(NETWORK_FILE, PEM)]) {
      const own = join(to, name);
      try {
        mkdirSync(own, { recursive: true, mode: PRIVATE_FOLDER });
      } catch (error) {
        throw storageFailed('making folder', own, error);
      }
      mendFolder(own);
      for (const file of new Set([`${name}${PEM}`, NETWORK_FILE, REVOKED_FILE])) {
        const text = textIn(join(folder, file));
        if (text !== undefined && text !== textIn(join(own, file))) await writeOwn(join(own, file), text);
      }
    }
  });
}

function textIn(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** From now on none of a part's certificates counts. @returns those that did until now */
export async function revoke(folder: string, part: Part): Promise<readonly Issued[]> {
  return await changing(folder, async () => {
    readAuthority(folder);
    const before = readRevoked(folder);
    const name = nameOf(part);
    const known = readIssued(folder).filter((issued) => issued.name === name);
    if (known.length === 0)
      throw new DualpingError(
        'invalid-argument',
        `no certificate of ${quote(name)} was made in ${quote(folder)}`,
      );
    const gone = known.filter(({ serial }) => !before.some((revoked) => revoked.serial === serial));
    const atMs = Date.now();
    await writeRevoked(folder, [...before, ...gone.map(({ serial }) => ({ name, serial, atMs }))]);
    return gone;
  });
}

/**
 * Begins to replace the network's own key and certificate while everything runs: makes new ones, and lets all
 * files in the folder trust both. Next all parts get certificates signed by the new key (`issue`); then the
 * former certificate is no longer trusted (`endRotation`).
 * @throws DualpingError `invalid-argument` when one has begun already
 */
export async function beginRotation(folder: string): Promise<void> {
  await changing(folder, async () => {
    const former = readAuthority(folder);
    if (former.serials.length > 1)
      throw new DualpingError(
        'invalid-argument',
        `a rotation has begun in ${quote(folder)} already: end it first`,
      );
    const { makeAuthority, makeSuccession } = await import('./x509.js');
    const { certificate, key } = await makeAuthority(former.network, AUTHORITY_DAYS);
    const succession = await makeSuccession(former, { certificate }, SUCCESSION_DAYS);
    const issued = readIssued(folder);
    await writeIssued(
      folder,
      issued.map((record) => ({ authority: former.serial, ...record })),
    );
    await trust(folder, certificate + former.certificate + succession, key);
  });
}

/**
 * From now on only the new certificate of the network is trusted.
 * @throws DualpingError `invalid-argument` when none has begun, or a part has no certificate of the new one
 */
export async function endRotation(folder: string): Promise<void> {
  await changing(folder, async () => {
    const { certificate, key, serials } = readAuthority(folder);
    if (serials.length < 2)
      throw new DualpingError('invalid-argument', `no rotation has begun in ${quote(folder)}`);
    const authority = new X509Certificate(certificate);
    const former = partsIn(folder).filter(
      (part) => !leafIn(fileOf(folder, part))?.verify(authority.publicKey),
    );
    if (former.length > 0)
      throw new DualpingError(
        'invalid-argument',
        `these still have certificates of the former one: ${former.map(nameOf).join(', ')}; dualping certs renew makes new ones`,
      );
    await trust(folder, certificate, key);
  });
}

/**
 * Writes these certificates of the network into all files of the folder. The key comes last: after a crash
 * everything made so far is valid, and the step can be repeated.
 */
async function trust(folder: string, bundle: string, key: string): Promise<void> {
  for (const part of partsIn(folder)) {
    const path = fileOf(folder, part);
    const own = pemBlocks(readFileSync(path, 'utf8')).filter(({ certificate }) => certificate?.ca !== true);
    await writeOwn(path, own.map(({ text }) => text).join('') + bundle);
  }
  await writeOwn(join(folder, NETWORK_FILE), bundle);
  await writeOwn(join(folder, AUTHORITY_FILE), key + bundle);
}

const pemBlocks = (pem: string) =>
  [...pem.matchAll(PEM_BLOCK)].map(([block, label]) => ({
    text: `${block}\n`,
    certificate: label === 'CERTIFICATE' ? new X509Certificate(block) : undefined,
  }));

const leafIn = (path: string): X509Certificate | undefined =>
  pemBlocks(readFileSync(path, 'utf8')).find(({ certificate }) => certificate?.ca === false)?.certificate;

/** Everything that was ever made in the folder, the oldest first. */
export function listCertificates(folder: string): readonly CertificateState[] {
  const { serials } = readAuthority(folder);
  const revoked = new Map(readRevoked(folder).map(({ serial, atMs }) => [serial, atMs]));
  const current = new Set(partsIn(folder).map((part) => serialIn(fileOf(folder, part))));
  return readIssued(folder).map((issued) => ({
    ...issued,
    revokedAtMs: revoked.get(issued.serial),
    isCurrent: current.has(issued.serial),
    isOfFormer: issued.authority !== undefined && !serials.includes(issued.authority),
  }));
}

/** Parts that have a file in the folder. */
export const partsIn = (folder: string): readonly Part[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pem'))
    .flatMap((name) => partIn(basename(name, '.pem')) ?? [])
    .sort((one, other) => nameOf(one).localeCompare(nameOf(other), 'en', { numeric: true }));

function serialIn(path: string): string | undefined {
  try {
    return NetworkCredentials.parse(readFileSync(path, 'utf8')).serial;
  } catch {
    return undefined; // the part that uses the file says what is wrong with it
  }
}

/** How long another process may take for its change, ms: it makes some certificates, each in milliseconds. */
const LOCK_WAIT_MS = 10_000;
const LOCK_LOOK_MS = 20;

/** One process at a time: two would overwrite each other's records. Parts that start together wait. */
async function changing<T>(folder: string, change: () => Promise<T>): Promise<T> {
  const lock = await lockWhenFree(folder);
  try {
    mendFolder(folder);
    return await change();
  } finally {
    lock.release();
  }
}

async function lockWhenFree(folder: string): Promise<DataFolderLock> {
  const until = performance.now() + LOCK_WAIT_MS;
  for (;;)
    try {
      return lockDataFolder(folder, 'dualping certs');
    } catch (error) {
      if (!(error instanceof FolderInUse) || performance.now() > until) throw error;
      // A random wait: two waiting processes in step could each see the other's lock, and neither get it.
      await delay(LOCK_LOOK_MS * (0.5 + Math.random()));
    }
}

interface Authority {
  readonly network: CertifiedNetwork;
  /** Signs new certificates. */
  readonly certificate: string;
  readonly key: string;
  /**
   * The network's certificates for every part: the present one, and during a rotation also the former one.
   */
  readonly bundle: string;
  /** Of `certificate`. */
  readonly serial: string;
  /** Of all in the bundle. */
  readonly serials: readonly string[];
}

function readAuthority(folder: string): Authority {
  const path = join(folder, AUTHORITY_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DualpingError(
      'invalid-argument',
      `${quote(path)} cannot be read: certificates are made where the network was made (dualping certs init)`,
      { cause },
    );
  }
  const blocks = pemBlocks(text);
  const certificates = blocks.filter(({ certificate }) => certificate !== undefined);
  const key = blocks.find(({ certificate }) => certificate === undefined);
  const bundle = certificates.map((block) => block.text).join('');
  const { network, authorities } = NetworkCredentials.parse(bundle);
  return {
    network,
    certificate: certificates[0]?.text ?? '',
    key: key?.text ?? '',
    bundle,
    serial: authorities[0] ?? '',
    serials: authorities,
  };
}
