/**
 * Checks the certificates of a folder: a part with an expired or revoked certificate, or another part's, is
 * refused by all others, and can't start again.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DualpingError, quote, type WallTimeMs } from '@dualping/core';
import { NetworkCredentials, type Part, partPath, partText } from '@dualping/protocol';
import { AUTHORITY_FILE, fileOf, NETWORK_FILE, nameOf, partsIn, revokedSerials } from '@dualping/security';
import type { Problem } from './verdict.js';

const DAY_MS = 86_400_000;
/** Group and others. */
const OTHERS = 0o077;

export interface CertificatesCheck {
  /** Number of parts with a file there. */
  readonly parts: number;
  /** Days until the first certificate there ends; undefined: none can be read. */
  readonly daysLeft: number | undefined;
  readonly problems: readonly Problem[];
}

/** @throws DualpingError `invalid-argument` when there is no such folder, or no certificate in it */
export function checkCertificates(folder: string, minDays: number, nowMs: WallTimeMs): CertificatesCheck {
  if (!existsSync(folder))
    throw new DualpingError('invalid-argument', `folder ${quote(folder)} of certificates does not exist`);
  const parts = partsIn(folder);
  const looks = parts.map((part) => look(fileOf(folder, part), { part, folder, minDays, nowMs }));
  const network = join(folder, NETWORK_FILE);
  if (existsSync(network)) looks.push(look(network, { part: undefined, folder, minDays, nowMs }));
  if (looks.length === 0)
    throw new DualpingError('invalid-argument', `folder ${quote(folder)} has no certificate of a network`);
  const left = looks.flatMap(({ daysLeft }) => daysLeft ?? []);
  return {
    parts: parts.length,
    daysLeft: left.length === 0 ? undefined : Math.min(...left),
    problems: [
      ...objectionToMode(join(folder, AUTHORITY_FILE)),
      ...looks.flatMap(({ problems }) => problems),
    ],
  };
}

/** Checks the mode of a key file, if it exists. */
function objectionToMode(path: string): readonly Problem[] {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS) === 0) return [];
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  return [
    { severity: 'warning', text: `key ${quote(path)} is open to others on this machine (mode ${shown})` },
  ];
}

interface Asked {
  /** Undefined: the file is the network's own. */
  readonly part: Part | undefined;
  readonly folder: string;
  readonly minDays: number;
  readonly nowMs: WallTimeMs;
}

function look(
  path: string,
  { part, folder, minDays, nowMs }: Asked,
): Pick<CertificatesCheck, 'daysLeft' | 'problems'> {
  const problems: Problem[] = [];
  const say = (severity: Problem['severity'], text: string) =>
    problems.push({ severity, text: `certificate ${quote(path)} ${text}` });
  if (part !== undefined) problems.push(...objectionToMode(path));
  let credentials: NetworkCredentials;
  try {
    credentials = NetworkCredentials.parse(readFileSync(path, 'utf8'), revokedSerials(folder));
  } catch (error) {
    say('critical', `can't be used: ${error instanceof DualpingError ? error.detail : String(error)}`);
    return { daysLeft: undefined, problems };
  }
  const { identity, notAfter, isRevoked } = credentials;
  if (part !== undefined && (identity === undefined || partPath(identity) !== partPath(part)))
    say(
      'critical',
      `is of ${identity === undefined ? 'no part' : partText(identity)}, not of ${partText(part)}`,
    );
  if (isRevoked) say('critical', 'was revoked');
  const daysLeft = Math.floor((notAfter.getTime() - nowMs) / DAY_MS);
  const renew = part === undefined ? '' : `: dualping certs renew ${nameOf(part)}`;
  if (notAfter.getTime() <= nowMs) say('critical', `has expired on ${notAfter.toISOString()}${renew}`);
  else if (daysLeft < minDays)
    say('warning', `ends on ${notAfter.toISOString()}, in ${daysLeft} days${renew}`);
  return { daysLeft, problems };
}
