/** Rows of the terminal as markup, so that the page has the same words as the screen. */
import type { Role, Row } from '@dualping/terminal';
import { element, escaped } from '../page/markup.js';

/** Roles with a style of their own on the page; the others are plain text. */
const LOOKS: readonly Role[] = ['dim', 'good', 'warning', 'problem', 'title', 'key'];

export const markupOf = (row: Row): string =>
  row
    .map(({ text, role }) =>
      LOOKS.includes(role) ? element('span', { class: role }, escaped(text)) : escaped(text),
    )
    .join('');

export const textOf = (row: Row): string => row.map(({ text }) => text).join('');
