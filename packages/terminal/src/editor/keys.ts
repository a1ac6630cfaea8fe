/** What the keys of editing do: those of readline and Emacs, and those that people know from elsewhere. */
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

/** Undefined: the key means nothing here, and somebody else may want it. */
type Edit = (editor: Editor) => Editor | undefined;

const move =
  (way: Way): Edit =>
  (editor) =>
    movedTo(editor, way(editor.text, editor.cursor));

/** By a line, in the column in which one set out; undefined where there is no further line. */
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

/** Erases, and keeps it for `ctrl-y`; cuts in a row are kept together. */
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

/** At the begin or end of its line a cut takes the line break, so that the same key again goes on. */
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
 * No letter with Alt: to a terminal that is Esc and then the letter, with which one who has left the composer
 * goes on.
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

/** What a key makes of it; undefined when the key means nothing here, as Up does in the first line. */
export const edit = (editor: Editor, keyName: string): Editor | undefined => EDITS.get(keyName)?.(editor);

/** Whether a key edits, be it that there is nothing to do for it now. */
export const isEditingKey = (keyName: string): boolean => EDITS.has(keyName);

/** What stands before the cursor without a blank between: what completion completes. */
export const wordBefore = ({ text, cursor }: Editor): string => text.slice(tokenStart(text, cursor), cursor);

/** Puts a completion in its place; those that follow one another are undone together. */
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
