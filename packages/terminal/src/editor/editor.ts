/**
 * A small editor of text as a value: keys and text make another one of it. Nothing in it knows of a screen
 * but `layout`.
 */
export { changed, type Editor, editorWith, emptyEditor, insert, isEmpty, textOf } from './editor-value.js';
export { edit, isEditingKey, replaceWordBefore, wordBefore } from './keys.js';
export { type Layout, layout, pointedAt } from './layout.js';
