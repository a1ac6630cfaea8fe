/** Addresses of the web in a text. */

export interface Link {
  /** UTF-16 places in the text; `end` is not in it. */
  readonly start: number;
  readonly end: number;
  readonly url: string;
}

/** Longest that a terminal is told: more is cut by most of them. */
const MOST_URL_LENGTH = 2_000;
const CANDIDATE = /\bhttps?:\/\/[^\s<>"\p{Cc}\p{Cf}\uFFFD]+/giu;
/** What stands at the end of a sentence and not of an address. */
const TRAILING = /[.,;:!?'”’…]+$/u;
const BRACKETS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

export function linksIn(text: string): readonly Link[] {
  if (!text.includes('://')) return [];
  const links: Link[] = [];
  for (const match of text.matchAll(CANDIDATE)) {
    const written = withoutTrailing(match[0]);
    const url = normalised(written);
    if (url !== undefined) links.push({ start: match.index, end: match.index + written.length, url });
  }
  return links;
}

/** A bracket belongs to the address when its other half does. */
function withoutTrailing(candidate: string): string {
  let text = candidate;
  for (;;) {
    const shorter = text.replace(TRAILING, '');
    const open = BRACKETS[shorter.at(-1) ?? ''];
    const isLone = open !== undefined && count(shorter, open) < count(shorter, shorter.at(-1) ?? '');
    if (!isLone) return shorter;
    text = shorter.slice(0, -1);
  }
}

const count = (text: string, character: string): number => text.split(character).length - 1;

/** In ASCII, so that nothing in it means anything to a terminal or to a program. */
function normalised(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { href } = new URL(text);
  return href.length <= MOST_URL_LENGTH && /^[\x21-\x7e]+$/.test(href) ? href : undefined;
}
