/**
 * A view consists of rows of spans, each with a role instead of a colour. A theme defines the look of a role.
 * Without colours there is only the text, so no meaning depends on a role alone.
 */

/** The kind of a text, from which a theme chooses its look. */
export type Role =
  | 'text'
  /** Less important: ages, hints. */
  | 'dim'
  | 'frame'
  | 'title'
  /** The author of a post. */
  | 'author'
  /** The person at the keyboard. */
  | 'self'
  /** `@me` in a post. */
  | 'mention'
  /** A match of a search. */
  | 'found'
  | 'unread'
  | 'good'
  | 'warning'
  | 'problem'
  /** A key in the footer or in the help. */
  | 'key';

export interface Span {
  readonly text: string;
  readonly role: Role;
  readonly bold?: boolean;
  readonly underline?: boolean;
  /** Selected: the whole span is shown inverted or on another background. */
  readonly selected?: boolean;
  /** A link that the terminal can open. Spans with the same id are one link, also over several rows. */
  readonly link?: Link;
}

export interface Link {
  /** Printable ASCII. */
  readonly url: string;
  readonly id: string;
}

/**
 * One row of the screen, from its left edge; the rest of the row is blank. Texts are clean and without
 * control characters.
 */
export type Row = readonly Span[];

export interface Frame {
  /** As many rows as the screen is high. */
  readonly rows: readonly Row[];
  /** Place of the terminal's cursor, in cells from 0; undefined: hidden. */
  readonly cursor: { readonly x: number; readonly y: number } | undefined;
}

/** The text of a row. */
export const plainText = (row: Row): string => row.map(({ text }) => text).join('');
