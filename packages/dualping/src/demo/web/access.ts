/**
 * Who may see the page, and who may press its buttons.
 *
 * The key is in the fragment of the link that is printed: a browser sends that to nobody. The page sends it
 * in a header that no form and no page from elsewhere can set without being asked first, and such questions
 * are never answered here.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Bytes of a key: nobody guesses it, so guesses need no counting. */
const KEY_BYTES = 18;

export const newKey = (): string => randomBytes(KEY_BYTES).toString('base64url');

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes as long whatever is given. */
export const isKey = (given: string, key: string): boolean => timingSafeEqual(digestOf(given), digestOf(key));

export const keyIn = ({ authorization }: IncomingHttpHeaders): string =>
  /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '';

const urlOf = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/**
 * Whether the request was made for this place. A name of somebody else's that leads here (DNS rebinding)
 * would make this page one of theirs: only IP addresses and names of this machine are answered.
 *
 * @param host where we listen
 */
export function isForUs({ host: given }: IncomingHttpHeaders, host: string): boolean {
  const name = urlOf(`http://${given ?? ''}`)?.hostname.toLowerCase();
  if (name === undefined || name === '') return false;
  const own = hostname().toLowerCase();
  const names = ['localhost', own, `${own}.local`, host.toLowerCase()];
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || names.includes(name);
}

/** Whether a page of ours asks, or no page at all. */
export function isFromUs(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return origin === undefined || urlOf(origin)?.host === urlOf(`http://${host ?? ''}`)?.host;
}
