/** Which parts of a post's text stand out: my name, and what is searched for. */
import { cleanText } from '../text/clean.js';
import { graphemeEnd, graphemeStart } from '../text/graphemes.js';
import type { Link, Role, Row, Span } from './row.js';

export interface Highlight {
  /** UTF-16 places in the text; `end` is not in it. */
  readonly start: number;
  readonly end: number;
  readonly role: Role;
  /** It is a link: underlined, and in the role of what is around it. */
  readonly link?: Link;
}

const escaped = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const WORD = 'A-Za-z0-9_\\-';

/** `@name` as a word of its own. */
export const mentionPattern = (name: string): RegExp =>
  new RegExp(`(?<![${WORD}])@${escaped(name)}(?![${WORD}])`, 'gu');

/** What is searched for, in any case; nothing finds nothing. */
export const searchPattern = (searched: string): RegExp => new RegExp(escaped(cleanText(searched)), 'giu');

export function highlightsOf(text: string, pattern: RegExp, role: Role): readonly Highlight[] {
  const found: Highlight[] = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0] !== '') found.push({ ...wholeGraphemes(text, match.index, match[0].length), role });
  }
  return found;
}

/** A mark stays with the character that it is on: a span never begins with one. */
function wholeGraphemes(text: string, index: number, length: number): { start: number; end: number } {
  const firstUnits = (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return {
    start: graphemeStart(text, index + firstUnits),
    end: graphemeEnd(text, graphemeStart(text, index + length)),
  };
}

/**
 * The part of a text that is shown in one row, in spans. Of highlights that overlap, the later in the list
 * wins.
 */
export function highlightedRow(
  text: string,
  start: number,
  end: number,
  highlights: readonly Highlight[],
  base: Role,
): Row {
  const touching = highlights.filter((highlight) => highlight.start < end && highlight.end > start);
  if (touching.length === 0) return start === end ? [] : [{ text: text.slice(start, end), role: base }];
  const edges = new Set([start, end]);
  for (const highlight of touching) {
    edges.add(Math.max(start, highlight.start));
    edges.add(Math.min(end, highlight.end));
  }
  const places = [...edges].sort((a, b) => a - b);
  const spans: Span[] = [];
  for (const [index, from] of places.entries()) {
    const to = places[index + 1];
    if (to === undefined) break;
    const here = touching.filter((highlight) => highlight.start <= from && highlight.end >= to);
    const role = here.findLast(({ link }) => link === undefined)?.role;
    const link = here.find((highlight) => highlight.link !== undefined)?.link;
    spans.push({
      text: text.slice(from, to),
      role: role ?? base,
      ...(role === undefined ? {} : { bold: true }),
      ...(link === undefined ? {} : { underline: true, link }),
    });
  }
  return spans;
}
