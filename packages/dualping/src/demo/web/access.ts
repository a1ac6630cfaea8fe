/**
 * Decides which requests may see the page, and which may press its buttons.
 *
 * The key is in the fragment of the printed link, which a browser never sends. The page sends the key in a
 * custom header. A form can't set that header, and a page of another site may do so only after a CORS
 * preflight, which is never granted here.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Bytes of a key: too many to guess, so failed attempts need no limit. */
const KEY_BYTES = 18;

export const newKey = (): string => randomBytes(KEY_BYTES).toString('base64url');

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes the same time for every input. */
export const isKey = (given: string, key: string): boolean => timingSafeEqual(digestOf(given), digestOf(key));

export const keyIn = ({ authorization }: IncomingHttpHeaders): string =>
  /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '';

const urlOf = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

/**
 * Whether the request was made for this machine. If another site's name resolved to this address (DNS
 * rebinding), its pages could use this server: so only IP addresses and names of this machine are answered.
 *
 * @param host the host where we listen
 */
export function isForUs({ host: given }: IncomingHttpHeaders, host: string): boolean {
  const name = urlOf(`http://${given ?? ''}`)?.hostname.toLowerCase();
  if (name === undefined || name === '') return false;
  const own = hostname().toLowerCase();
  const names = ['localhost', own, `${own}.local`, host.toLowerCase()];
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || names.includes(name);
}

/** Whether the request comes from our own page, or from no page at all. */
export function isFromUs(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return origin === undefined || urlOf(origin)?.host === urlOf(`http://${host ?? ''}`)?.host;
}
