/**
 * A small text editor as an immutable value: keys and text return a new one. Only `layout` knows about a
 * screen.
 */
export { changed, type Editor, editorWith, emptyEditor, insert, isEmpty, textOf } from './editor-value.js';
export { edit, isEditingKey, replaceWordBefore, wordBefore } from './keys.js';
export { type Layout, layout, pointedAt } from './layout.js';
