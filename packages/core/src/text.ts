/**
 * The rules for user names and posts; the server's codec checks them, and a client before sending. Also makes
 * foreign text safe for a line of output.
 */
import {
  MAX_BEGIN_LENGTH,
  MAX_DEVICE_LENGTH,
  MAX_NAMED,
  MAX_POST_LENGTH,
  MAX_SERVICE_NAME_LENGTH,
  MAX_USER_NAME_LENGTH,
} from './limits.js';

const USER_NAME = /^[A-Za-z0-9_-]+$/;
/**
 * Begins with a letter, so that it is no number; lower case, so that two names never differ by case alone.
 */
const SERVICE_NAME = /^[a-z][a-z0-9_-]*$/;
/**
 * C0 and C1 controls (a terminal would act on them), line and paragraph separators, unpaired surrogates. Only
 * U+000A separates lines.
 */
const NOT_IN_POST = /(?!\n)[\p{Cc}\p{Cs}\u2028\u2029]/u;
/** The characters of most posts: checked without looking up each one. */
const PLAIN = /^[\x20-\x7e\n]*$/;

/** Longest detail that is sent or accepted: a paragraph, and far below the limit of HTTP/2 headers. */
const MAX_DETAIL_LENGTH = 500;
/** Controls, line separators, bidi controls, unpaired surrogates (grpc-js throws on these). */
const NOT_IN_DETAIL = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]+/gu;

/**
 * Text for people that crosses the wire: bounded, with nothing that a terminal or an HTTP/2 header acts on.
 */
export function cleanDetail(text: string): string {
  const short = text.length > MAX_DETAIL_LENGTH ? `${text.slice(0, MAX_DETAIL_LENGTH - 1)}…` : text;
  return short.replace(NOT_IN_DETAIL, ' ').trim();
}

/** How much of a refused text is quoted back. */
const MAX_QUOTE = 60;

/** Quotes untrusted text for a message: short, and without anything that a terminal could act on. */
export function quote(value: string): string {
  const points = [...value];
  const cut = points.length > MAX_QUOTE ? `${points.slice(0, MAX_QUOTE).join('')}…` : value;
  return JSON.stringify(cut).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  if (PLAIN.test(text)) return bytes;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) bytes += 1;
    // A character of two UTF-16 units has four bytes, any other above U+07FF three.
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes += 1;
  }
  return bytes;
}

/** Why this can't be a user name, for people; undefined when it can. */
export function userNameProblem(value: string): string | undefined {
  if (value.length === 0) return 'a user name is missing';
  if (value.length > MAX_USER_NAME_LENGTH)
    return `user name ${quote(value)} has ${value.length} characters, at most ${MAX_USER_NAME_LENGTH} are allowed`;
  if (!USER_NAME.test(value))
    return `user name ${quote(value)} may only have letters A-Z a-z, digits, _ and -`;
  return undefined;
}

/** 32 bytes in base64url: a public key, or the hash of a code. */
const KEY_TEXT = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const DEVICE_NAME = /^[A-Za-z0-9._-](?:[A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/;

export const isKeyText = (text: string): boolean => KEY_TEXT.test(text);

/** Why this can't be the name of a device, for people; undefined when it can. */
export function deviceNameProblem(value: string): string | undefined {
  if (value.length > MAX_DEVICE_LENGTH)
    return `device name ${quote(value)} has ${value.length} characters, at most ${MAX_DEVICE_LENGTH} are allowed`;
  return DEVICE_NAME.test(value)
    ? undefined
    : `device name ${quote(value)} may only have letters A-Z a-z, digits, space, . _ and -`;
}

/** Why this can't be the name of a service, for people; undefined when it can. */
export function serviceNameProblem(value: string): string | undefined {
  if (value.length === 0) return 'the name of a service is missing';
  if (value.length > MAX_SERVICE_NAME_LENGTH)
    return `service ${quote(value)} has ${value.length} characters, at most ${MAX_SERVICE_NAME_LENGTH} are allowed`;
  if (!SERVICE_NAME.test(value))
    return `service ${quote(value)}: its name begins with a letter, and has only a-z, digits, _ and -`;
  return undefined;
}

/** Why this can't be posted, for people; undefined when it can. */
export function postProblem(text: string): string | undefined {
  if (text.trim().length === 0) return `post ${quote(text)} is empty`;
  const length = text.length <= MAX_POST_LENGTH ? text.length : [...text].length;
  if (length > MAX_POST_LENGTH)
    return `post ${quote(text)} has ${length} characters, at most ${MAX_POST_LENGTH} are allowed`;
  const bad = PLAIN.test(text) ? null : NOT_IN_POST.exec(text);
  if (bad) {
    const code = (text.codePointAt(bad.index) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `post ${quote(text)} has a control character U+${code} at place ${bad.index + 1}`;
  }
  return undefined;
}

const NAMED = new RegExp(
  `(?<![A-Za-z0-9_-])@([A-Za-z0-9_-]{1,${MAX_USER_NAME_LENGTH}})(?![A-Za-z0-9_-])`,
  'g',
);

const NO_NAMES: ReadonlySet<string> = new Set();

/** The users that a text names, `@ann`: each once, in order, at most `MAX_NAMED`. */
export function namesIn(text: string): ReadonlySet<string> {
  if (!text.includes('@')) return NO_NAMES;
  const names = new Set<string>();
  for (const [, name = ''] of text.matchAll(NAMED)) {
    names.add(name);
    if (names.size === MAX_NAMED) break;
  }
  return names;
}

/** The first words of a post, on one line. */
export function beginOf(text: string): string {
  const points = [...text.trim().replaceAll(/\s+/g, ' ')];
  if (points.length <= MAX_BEGIN_LENGTH) return points.join('');
  return `${points
    .slice(0, MAX_BEGIN_LENGTH - 1)
    .join('')
    .trimEnd()}…`;
}

/** Why these can't be the first words of a post, for people; undefined when they can. */
export function beginProblem(begin: string): string | undefined {
  const length = [...begin].length;
  if (length > MAX_BEGIN_LENGTH)
    return `the first words ${quote(begin)} have ${length} characters, at most ${MAX_BEGIN_LENGTH} are allowed`;
  return begin.includes('\n')
    ? `the first words ${quote(begin)} have more than one line`
    : postProblem(begin);
}
