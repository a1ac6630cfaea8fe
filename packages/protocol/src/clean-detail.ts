/** Text for people that crosses the wire: bounded, and with nothing a terminal or an HTTP/2 header would act on. */

/** Longest detail that is sent or believed: a paragraph, and far below the limit of HTTP/2 headers. */
export const MAX_DETAIL_LENGTH = 500;

/** Controls, line separators, bidi controls, unpaired surrogates (grpc-js can't percent-encode these and would throw). */
const UNWANTED = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]+/gu;

/** How grpc-js puts it that nobody could be reached: the cause in the middle, a note that is empty at the end. */
const NO_CONNECTION = /^No connection established\. Last error: (?:Error: )?(.*?)\. Resolution note:.*$/s;

/** What a program writes where it has no cause to tell. */
const NO_CAUSE = new Set(['null', 'undefined']);

/** What grpc-js says of a failed call, reduced to what a person can do something about. */
export function plainCause(details: string | null | undefined): string {
  const text = String(details);
  const cause = text.replace(NO_CONNECTION, '$1');
  if (!NO_CAUSE.has(cause)) return cause;
  return cause === text ? 'no cause is known' : 'no connection';
}

export function cleanDetail(text: string): string {
  const short = text.length > MAX_DETAIL_LENGTH ? `${text.slice(0, MAX_DETAIL_LENGTH - 1)}…` : text;
  return short.replace(UNWANTED, ' ').trim();
}
