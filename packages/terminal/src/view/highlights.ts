/** The highlighted parts of a post's text: my name, links, and matches of the search. */
import { cleanText } from '../text/clean.js';
import { graphemeEnd, graphemeStart } from '../text/graphemes.js';
import type { Link, Role, Row, Span } from './row.js';

export interface Highlight {
  /** UTF-16 indices in the text; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly role: Role;
  /** A link is underlined, in the role of the text around it. */
  readonly link?: Link;
}

const escaped = (literal: string): string => literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const WORD = 'A-Za-z0-9_\\-';

/** `@name` as a word of its own. */
export const mentionPattern = (name: string): RegExp =>
  new RegExp(`(?<![${WORD}])@${escaped(name)}(?![${WORD}])`, 'gu');

/** The pattern of a search, ignoring case. */
export const searchPattern = (searched: string): RegExp => new RegExp(escaped(cleanText(searched)), 'giu');

export function highlightsOf(text: string, pattern: RegExp, role: Role): readonly Highlight[] {
  const found: Highlight[] = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0] !== '') found.push({ ...wholeGraphemes(text, match.index, match[0].length), role });
  }
  return found;
}

/**
 * Extends a match to whole graphemes: a combining mark stays with its character, and no span begins with one.
 */
function wholeGraphemes(text: string, index: number, length: number): { start: number; end: number } {
  const firstUnits = (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return {
    start: graphemeStart(text, index + firstUnits),
    end: graphemeEnd(text, graphemeStart(text, index + length)),
  };
}

/**
 * One row of a text as spans. If highlights overlap, the later one in the list wins.
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
