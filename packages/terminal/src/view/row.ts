/**
 * What a view is made of: rows of spans, each with a role instead of a colour. A theme says what a role looks
 * like; where there are no colours the text alone must do, so no role is the only carrier of a meaning.
 */

/** What a piece of text is, for a theme to choose its looks. */
export type Role =
  | 'text'
  /** Less important: ages, hints, frames of nothing. */
  | 'dim'
  | 'frame'
  | 'title'
  /** Who wrote it. */
  | 'author'
  /** The person at the keyboard. */
  | 'self'
  /** `@me` in somebody's post. */
  | 'mention'
  /** A part of a text that a search found. */
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
  /** Where the reader or the choice is: the whole span is shown inverted or on another background. */
  readonly selected?: boolean;
  /** Where it leads: the terminal opens it. Parts of the same id are one link, over several rows too. */
  readonly link?: Link;
}

export interface Link {
  /** Printable ASCII. */
  readonly url: string;
  readonly id: string;
}

/**
 * One row of the screen, from its left edge; what it leaves free is blank. Texts are clean and without
 * control characters.
 */
export type Row = readonly Span[];

export interface Frame {
  /** As many as the screen is high. */
  readonly rows: readonly Row[];
  /** Where the terminal's cursor blinks, in cells from 0; undefined: nowhere. */
  readonly cursor: { readonly x: number; readonly y: number } | undefined;
}

/** What a row reads, without its looks. */
export const plainText = (row: Row): string => row.map(({ text }) => text).join('');
