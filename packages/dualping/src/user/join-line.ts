/**
 * The line of an invitation: the network's address, its fingerprint, and a code that can be used once.
 *
 *     dualping://10.0.0.1:7070,10.0.0.2:7070/?ca=FINGERPRINT&code=CODE&user=mira
 */
import { randomBytes } from 'node:crypto';
import { type Address, DualpingError, isKeyText, quote, type UserName } from '@dualping/core';
import { addresses, userName } from '../settings/parse.js';

export interface JoinLine {
  readonly routers: readonly Address[];
  /** Of the network's own key; two while it is replaced. */
  readonly fingerprints: readonly string[];
  readonly code: string;
  /** Absent: the joining user chooses a name. */
  readonly user?: UserName;
}

/** 160 random bits: they can't be guessed while a code is valid. */
const CODE_BYTES = 20;
const CODE = /^[A-Za-z0-9_-]{27}$/;
/** Of a network whose certificate is being replaced. */
const MAX_FINGERPRINTS = 2;
const LINE = /^dualping:\/\/([^/?#]+)\/\?(.+)$/;

export const newCode = (): string => randomBytes(CODE_BYTES).toString('base64url');

export function joinLineText({ routers, fingerprints, code, user }: JoinLine): string {
  const whose = user === undefined ? '' : `&user=${user}`;
  return `dualping://${routers.join()}/?ca=${fingerprints.join()}&code=${code}${whose}`;
}

/** @throws DualpingError `invalid-argument` that says what is wrong with it; the code is not quoted */
export function parseJoinLine(text: string): JoinLine {
  const [, where, query] = LINE.exec(text.trim()) ?? [];
  if (where === undefined || query === undefined)
    throw refused(`${quote(text.replace(/code=[^&]*/, 'code=…'))} is not dualping://host:port/?ca=…&code=…`);
  const values = new Map(new URLSearchParams(query));
  const fingerprints = (values.get('ca') ?? '').split(',');
  const code = values.get('code') ?? '';
  const user = values.get('user');
  const wrong = fingerprints.find((fingerprint) => !isKeyText(fingerprint));
  if (wrong !== undefined)
    throw refused(`its "ca" is ${quote(wrong)}: 43 characters are needed, is it cut off?`);
  if (fingerprints.length > MAX_FINGERPRINTS)
    throw refused(`its "ca" has ${fingerprints.length} fingerprints`);
  if (!CODE.test(code)) throw refused(`its "code" has ${code.length} characters, and not 27: is it cut off?`);
  return {
    routers: addresses(where),
    fingerprints,
    code,
    ...(user !== undefined && { user: userName(user) }),
  };
}

const refused = (why: string): DualpingError =>
  new DualpingError('invalid-argument', `this line can't be joined by: ${why}`);
