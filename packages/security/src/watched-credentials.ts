/**
 * Credentials for a long-running process: read from their folder, and read again when a file there changes.
 * So a certificate is renewed, and a revoked one refused, without a restart.
 */
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { dirname, join } from 'node:path';
import { DualpingError, quote } from '@dualping/core';
import { mendFile } from '@dualping/host';
import { NetworkCredentials, type Part, partText } from '@dualping/protocol';
import { readRevoked } from './certificate-records.js';
import { fileOf, NETWORK_FILE, nameOf, REVOKED_FILE } from './layout.js';

/** How often the files are checked, ms. A check costs microseconds, and works on every file system. */
const LOOK_MS = 1_000;
/** How long before its end a certificate is reported, ms: enough for an operator who looks once a month. */
const WARN_BEFORE_MS = 30 * 86_400_000;
/** How often the end is checked, ms. */
const WARN_INTERVAL_MS = 12 * 3_600_000;

/** Gets events for the operator: a word for machines (`renewed`, `revoked`, `expires`), and a text. */
export type Say = (event: string, text: string) => void;

export interface WatchedCredentials {
  readonly credentials: NetworkCredentials;
  /** Stops watching the files. */
  close(): void;
}

/**
 * The present credentials: of a part, or of the network alone.
 * @throws DualpingError `invalid-argument`, quoting the file
 */
export function readCredentials(folder: string, part?: Part): NetworkCredentials {
  const path = part === undefined ? join(folder, NETWORK_FILE) : fileOf(folder, part);
  const credentials = parsed(path, readText(path, part), revokedSerials(folder));
  const { notAfter } = credentials;
  if (notAfter.getTime() < Date.now())
    throw new DualpingError(
      'invalid-argument',
      `the certificate in ${quote(path)} has expired on ${notAfter.toISOString()}: ${howToRenew(part)}`,
    );
  if (credentials.isRevoked)
    throw new DualpingError(
      'invalid-argument',
      `the certificate in ${quote(path)} was revoked: ${howToRenew(part)}, where the network was made`,
    );
  return credentials;
}

/** What a user's client needs: a file with the network's certificate. */
export const readNetworkFile = (path: string): NetworkCredentials => parsed(path, readText(path), []);

/**
 * The same, watched as long as this process runs: later changes of the file, and a `revoked.json` in its
 * folder, take effect. While they can't be read, the former content stays in use. The watch does not keep the
 * process alive.
 */
export function watchNetworkFile(path: string): NetworkCredentials {
  const beside = dirname(path);
  const credentials = parsed(path, readText(path), revokedSerials(beside));
  const look = (): void => {
    try {
      credentials.replace(readText(path), revokedSerials(beside));
    } catch {
      // The next handshake says what is wrong, if anything is.
    }
  };
  for (const file of [path, join(beside, REVOKED_FILE)])
    watchFile(file, { persistent: false, interval: LOOK_MS }, look);
  return credentials;
}

export function watchCredentials(folder: string, part: Part, say: Say): WatchedCredentials {
  const path = fileOf(folder, part);
  const mended = mendFile(path);
  if (mended !== undefined) say('file-mode', mended);
  const credentials = readCredentials(folder, part);
  const warn = () => warnOfEnd(credentials, part, say);
  warn();
  const timer = setInterval(warn, WARN_INTERVAL_MS);
  timer.unref();
  let { serial, authorities } = credentials;
  let revoked = revokedSerials(folder).length;
  const look = (): void => {
    try {
      const serials = revokedSerials(folder);
      credentials.replace(readText(path, part), serials);
      if (credentials.serial !== serial)
        say(
          'renewed',
          `goes on with certificate ${credentials.serial}, until ${credentials.notAfter.toISOString()}`,
        );
      if (credentials.authorities.join() !== authorities.join())
        say('trust', `trusts what network certificate ${credentials.authorities.join(' or ')} has signed`);
      if (credentials.isRevoked && serials.length !== revoked)
        say('revoked', `the certificate of ${partText(part)} was revoked: all others refuse it`);
      else if (serials.length !== revoked)
        say('revoked', `${serials.length} certificates are revoked from now on`);
      ({ serial, authorities } = credentials);
      revoked = serials.length;
    } catch (error) {
      const why = error instanceof DualpingError ? error.detail : String(error);
      say('not-renewed', `goes on as it is: ${why}`);
    }
  };
  const files = [path, join(folder, REVOKED_FILE)];
  for (const file of files) watchFile(file, { persistent: false, interval: LOOK_MS }, look);
  return {
    credentials,
    close: () => {
      clearInterval(timer);
      for (const file of files) unwatchFile(file, look);
    },
  };
}

function warnOfEnd({ notAfter }: NetworkCredentials, part: Part, say: Say): void {
  if (notAfter.getTime() - Date.now() > WARN_BEFORE_MS) return;
  say(
    'expires',
    `the certificate of ${partText(part)} ends on ${notAfter.toISOString()}: ${howToRenew(part)}`,
  );
}

const howToRenew = (part: Part | undefined): string =>
  part === undefined ? 'ask for a new one' : `dualping certs renew ${nameOf(part)}`;

export const revokedSerials = (folder: string): readonly string[] =>
  readRevoked(folder).map(({ serial }) => serial);

function readText(path: string, part?: Part): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const how = part === undefined ? '' : `: dualping certs makes it (${nameOf(part)})`;
    throw new DualpingError('invalid-argument', `certificate ${quote(path)} cannot be read: ${why}${how}`, {
      cause,
    });
  }
}

function parsed(path: string, text: string, revoked: readonly string[]): NetworkCredentials {
  try {
    return NetworkCredentials.parse(text, revoked);
  } catch (cause) {
    if (!(cause instanceof DualpingError)) throw cause;
    throw new DualpingError(cause.reason, `${quote(path)}: ${cause.detail}`, { cause });
  }
}
