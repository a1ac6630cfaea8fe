/**
 * Credentials as a process uses them that runs for months: read from their folder, and read again when the
 * folder has something new. So a certificate is renewed, and a revoked one refused, without a restart.
 */
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { DualpingError, quote } from '@dualping/core';
import { mendFile } from '@dualping/host';
import { NetworkCredentials, type Part, partText } from '@dualping/protocol';
import { readRevoked } from './certificate-records.js';
import { fileOf, NETWORK_FILE, nameOf, REVOKED_FILE } from './layout.js';

/** How often the files are looked at, ms. Looking costs microseconds, and works on every file system. */
const LOOK_MS = 1_000;
/** So long before the end an operator is told, ms: long enough for a look once a month. */
const WARN_BEFORE_MS = 30 * 86_400_000;
/** How often that is looked at, ms. */
const WARN_INTERVAL_MS = 12 * 3_600_000;

/** Gets what an operator should know, with a word for machines: `renewed`, `revoked`, `expires`. */
export type Say = (event: string, text: string) => void;

export interface WatchedCredentials {
  readonly credentials: NetworkCredentials;
  /** Nothing is looked at any more. */
  close(): void;
}

/**
 * As they are now: of a part, or of the network alone.
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

export function watchCredentials(folder: string, part: Part, say: Say): WatchedCredentials {
  const path = fileOf(folder, part);
  const mended = mendFile(path);
  if (mended !== undefined) say('file-mode', mended);
  const credentials = readCredentials(folder, part);
  const warn = () => warnOfEnd(credentials, part, say);
  warn();
  const timer = setInterval(warn, WARN_INTERVAL_MS);
  timer.unref();
  let { serial } = credentials;
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
      if (credentials.isRevoked && serials.length !== revoked)
        say('revoked', `the certificate of ${partText(part)} was revoked: all others refuse it`);
      else if (serials.length !== revoked)
        say('revoked', `${serials.length} certificates are revoked from now on`);
      serial = credentials.serial;
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
