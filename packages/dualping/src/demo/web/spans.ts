/** Rows of the terminal as markup: the page says what the screen says, in the same words. */
import type { Role, Row } from '@dualping/terminal';
import { element, escaped } from '../page/markup.js';

/** Roles that look like something here; the others are plain text. */
const LOOKS: readonly Role[] = ['dim', 'good', 'warning', 'problem', 'title', 'key'];

export const markupOf = (row: Row): string =>
  row
    .map(({ text, role }) =>
      LOOKS.includes(role) ? element('span', { class: role }, escaped(text)) : escaped(text),
    )
    .join('');

export const textOf = (row: Row): string => row.map(({ text }) => text).join('');
