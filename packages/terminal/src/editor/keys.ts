/** What the editing keys do: those of readline and Emacs, and those of common editors. */
import { changed, type Doing, type Editor, insert, movedTo, redone, undone } from './editor-value.js';
import {
  bigWordStart,
  characterAfter,
  characterBefore,
  columnOf,
  lineEnd,
  lineStart,
  placeAtColumn,
  textEnd,
  textStart,
  tokenStart,
  type Way,
  wordEnd,
  wordStart,
} from './places.js';

/** Undefined: the key does nothing here, and another part may handle it. */
type Edit = (editor: Editor) => Editor | undefined;

const move =
  (way: Way): Edit =>
  (editor) =>
    movedTo(editor, way(editor.text, editor.cursor));

/** Moves by a line, in the column where the movement began; undefined if there is no further line. */
const moveByLine =
  (by: -1 | 1): Edit =>
  (editor) => {
    const { text, cursor } = editor;
    const start = by < 0 ? lineStart(text, cursor) - 1 : lineEnd(text, cursor) + 1;
    if (start < 0 || start > text.length) return undefined;
    const column = editor.goalColumn ?? columnOf(text, cursor);
    return movedTo(editor, placeAtColumn(text, lineStart(text, start), column), column);
  };

const erase =
  (way: Way, doing: Doing): Edit =>
  (editor) => {
    const [start, end] = reach(editor, way);
    if (start === end) return editor;
    const text = editor.text.slice(0, start) + editor.text.slice(end);
    return changed(editor, { text, cursor: start }, doing, editor.doing === doing);
  };

/** Cuts, and keeps the text for `ctrl-y`; consecutive cuts are kept together. */
const cut =
  (way: Way, doing: 'cutting-back' | 'cutting-forward'): Edit =>
  (editor) => {
    const [start, end] = reach(editor, way);
    if (start === end) return editor;
    const taken = editor.text.slice(start, end);
    const goesOn = editor.doing === 'cutting-back' || editor.doing === 'cutting-forward';
    const kept = goesOn ? editor.cutText : '';
    const text = editor.text.slice(0, start) + editor.text.slice(end);
    return {
      ...changed(editor, { text, cursor: start }, doing, false),
      cutText: doing === 'cutting-back' ? taken + kept : kept + taken,
    };
  };

function reach({ text, cursor }: Editor, way: Way): readonly [start: number, end: number] {
  const to = way(text, cursor);
  return to < cursor ? [to, cursor] : [cursor, to];
}

/** At the begin or end of a line a cut takes the line break, so that the same key pressed again continues. */
const lineStartOrBefore: Way = (text, from) => {
  const start = lineStart(text, from);
  return start === from ? Math.max(0, from - 1) : start;
};
const lineEndOrAfter: Way = (text, from) => {
  const end = lineEnd(text, from);
  return end === from ? Math.min(text.length, from + 1) : end;
};

const putBack: Edit = (editor) =>
  editor.cutText === '' ? editor : { ...insert(editor, editor.cutText), doing: 'nothing' };

const eraseBack = erase(characterBefore, 'erasing-back');
const eraseForward = erase(characterAfter, 'erasing-forward');
const cutWordBack = cut(wordStart, 'cutting-back');
const cutWordForward = cut(wordEnd, 'cutting-forward');
const toWordStart = move(wordStart);
const toWordEnd = move(wordEnd);

/**
 * No letters with Alt: terminals send Esc and then the letter, which means: leave the composer, then press
 * that key.
 */
const EDITS: ReadonlyMap<string, Edit> = new Map<string, Edit>([
  ['left', move(characterBefore)],
  ['ctrl-b', move(characterBefore)],
  ['right', move(characterAfter)],
  ['ctrl-f', move(characterAfter)],
  ['ctrl-left', toWordStart],
  ['alt-left', toWordStart],
  ['ctrl-right', toWordEnd],
  ['alt-right', toWordEnd],
  ['home', move(lineStart)],
  ['ctrl-a', move(lineStart)],
  ['end', move(lineEnd)],
  ['ctrl-e', move(lineEnd)],
  ['ctrl-home', move(textStart)],
  ['ctrl-end', move(textEnd)],
  ['up', moveByLine(-1)],
  ['down', moveByLine(1)],
  ['backspace', eraseBack],
  ['shift-backspace', eraseBack],
  ['delete', eraseForward],
  ['ctrl-d', eraseForward],
  ['ctrl-w', cut(bigWordStart, 'cutting-back')],
  ['alt-backspace', cutWordBack],
  ['ctrl-backspace', cutWordBack],
  ['alt-delete', cutWordForward],
  ['ctrl-delete', cutWordForward],
  ['ctrl-u', cut(lineStartOrBefore, 'cutting-back')],
  ['ctrl-k', cut(lineEndOrAfter, 'cutting-forward')],
  ['ctrl-y', putBack],
  ['ctrl-_', undone],
  ['ctrl-r', redone],
]);

/** The editor after a key; undefined when the key does nothing here, as Up in the first line. */
export const edit = (editor: Editor, keyName: string): Editor | undefined => EDITS.get(keyName)?.(editor);

/** Whether a key is an editing key, even if it has nothing to do now. */
export const isEditingKey = (keyName: string): boolean => EDITS.has(keyName);

/** The text before the cursor up to a blank, which completion completes. */
export const wordBefore = ({ text, cursor }: Editor): string => text.slice(tokenStart(text, cursor), cursor);

/** Replaces the word before the cursor with a completion; consecutive completions are undone together. */
export function replaceWordBefore(editor: Editor, word: string): Editor {
  const start = tokenStart(editor.text, editor.cursor);
  const rest = {
    ...editor,
    text: editor.text.slice(0, start) + editor.text.slice(editor.cursor),
    cursor: start,
  };
  const { text, cursor } = insert(rest, word);
  return changed(editor, { text, cursor }, 'completing', editor.doing === 'completing');
}
