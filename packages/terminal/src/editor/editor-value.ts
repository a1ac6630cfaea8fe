/**
 * A text that is being written: the text, the cursor, and the history for undo. An immutable value.
 */
import { cleanInput } from '../text/clean.js';
import { graphemeStart, graphemes } from '../text/graphemes.js';

export interface Editor {
  /** Cleaned (text/clean.ts); lines separated by `\n`. */
  readonly text: string;
  /** In code units, always between two graphemes. */
  readonly cursor: number;
  /** The text that was cut last, for `ctrl-y`. */
  readonly cutText: string;
  /** The states for undo, newest last, and the states for redo. */
  readonly past: readonly Moment[];
  readonly future: readonly Moment[];
  /** What the last key did: following keys of the same kind are undone together with it. */
  readonly doing: Doing;
  /** The column that up and down keep while they pass shorter lines. */
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

/** Most undo steps, about one a word: a long post. Each costs at most a copy of the text. */
export const MOST_UNDOS = 200;

/** Longest text that one key types: an emoji of many code points. */
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

/** An editor with the cursor at the end, and nothing to undo. */
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
 * The editor after a change.
 * @param doing the kind of change; `goesOn`: it is undone together with the change before
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

/** Types or pastes at the cursor. Typed text is undone word by word, a paste as a whole. */
export function insert(editor: Editor, text: string): Editor {
  const { text: old, cursor } = editor;
  // Together with the character before: a combining mark that is typed after its letter belongs to it.
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
