/** Finds web addresses in a text. */

export interface Link {
  /** UTF-16 indices in the text; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly url: string;
}

/** Longest URL that is sent to a terminal: most terminals cut longer ones. */
const MOST_URL_LENGTH = 2_000;
const CANDIDATE = /\bhttps?:\/\/[^\s<>"\p{Cc}\p{Cf}\uFFFD]+/giu;
/** Characters that belong to the end of a sentence and not to an address. */
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

/** A closing bracket belongs to the address if its opening one does. */
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

/** The address in ASCII, so that nothing in it has a meaning to a terminal or a program. */
function normalised(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { href } = new URL(text);
  return href.length <= MOST_URL_LENGTH && /^[\x21-\x7e]+$/.test(href) ? href : undefined;
}
