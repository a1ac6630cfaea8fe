/**
 * A text that is being written: what it is, where the cursor stands, and how it came to be. An immutable
 * value.
 */
import { cleanInput } from '../text/clean.js';
import { graphemeStart, graphemes } from '../text/graphemes.js';

export interface Editor {
  /** Cleaned (text/clean.ts); lines parted by `\n`. */
  readonly text: string;
  /** In code units, always between two graphemes. */
  readonly cursor: number;
  /** What was cut last, to be put back. */
  readonly cutText: string;
  /** What to go back to, newest last, and what to go forward to again. */
  readonly past: readonly Moment[];
  readonly future: readonly Moment[];
  /** What the last key did: keys that go on with it are undone with it. */
  readonly doing: Doing;
  /** The cell that up and down aim at while they go over shorter lines. */
  readonly goalColumn: number | undefined;
}

export interface Moment {
  readonly text: string;
  readonly cursor: number;
}

export type Doing =
  | 'nothing'
  | 'typing'
  | 'erasing-back'
  | 'erasing-forward'
  | 'cutting-back'
  | 'cutting-forward'
  | 'completing';

/** Undo goes back so many words: a long post. Each costs at most a copy of the text. */
export const MOST_UNDOS = 200;

/** The longest that one key types is an emoji of many code points. */
const LONGEST_TYPED = 64;

export const emptyEditor: Editor = Object.freeze({
  text: '',
  cursor: 0,
  cutText: '',
  past: [],
  future: [],
  doing: 'nothing',
  goalColumn: undefined,
});

/** With the cursor at the end, and nothing to undo. */
export function editorWith(text: string): Editor {
  const cleaned = cleanInput(text);
  return { ...emptyEditor, text: cleaned, cursor: cleaned.length };
}

export const textOf = ({ text }: Editor): string => text;
export const isEmpty = ({ text }: Editor): boolean => text === '';

export const movedTo = (editor: Editor, cursor: number, goalColumn?: number): Editor => ({
  ...editor,
  cursor,
  goalColumn,
  doing: 'nothing',
});

/**
 * Another text.
 * @param doing what made it; `goesOn` when that is undone together with what was done just before
 */
export function changed(editor: Editor, to: Moment, doing: Doing, goesOn: boolean): Editor {
  const past = goesOn ? editor.past : [...editor.past, momentOf(editor)].slice(-MOST_UNDOS);
  return { ...editor, ...to, past, future: [], doing, goalColumn: undefined };
}

export const undone = (editor: Editor): Editor => {
  const to = editor.past.at(-1);
  if (to === undefined) return editor;
  const past = editor.past.slice(0, -1);
  const future = [...editor.future, momentOf(editor)];
  return { ...editor, ...to, past, future, doing: 'nothing', goalColumn: undefined };
};

export const redone = (editor: Editor): Editor => {
  const to = editor.future.at(-1);
  if (to === undefined) return editor;
  const past = [...editor.past, momentOf(editor)];
  const future = editor.future.slice(0, -1);
  return { ...editor, ...to, past, future, doing: 'nothing', goalColumn: undefined };
};

/** Types or pastes at the cursor. What was typed word by word is undone word by word, a paste as a whole. */
export function insert(editor: Editor, text: string): Editor {
  const { text: old, cursor } = editor;
  // With the character before: a mark that is typed after its letter belongs to it.
  const start = old.charAt(cursor - 1) === '\n' ? cursor : graphemeStart(old, cursor);
  const before = old.slice(start, cursor);
  const joined = cleanInput(before + text);
  if (joined === before) return editor;
  const to = { text: old.slice(0, start) + joined + old.slice(cursor), cursor: start + joined.length };
  const isTyped = text.length <= LONGEST_TYPED && graphemes(cleanInput(text)).length <= 1;
  if (!isTyped) return changed(editor, to, 'nothing', false);
  const startsWord = /\s/.test(old.charAt(cursor - 1)) && !/^\s/.test(text);
  return changed(editor, to, 'typing', editor.doing === 'typing' && !startsWord);
}

const momentOf = ({ text, cursor }: Editor): Moment => ({ text, cursor });
