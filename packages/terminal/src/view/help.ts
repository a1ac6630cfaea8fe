/** The help: all keys of the keymap, the editing keys, and all commands. */
import { COMMANDS } from '../state/commands.js';
import { type Binding, EDITING_HELP, KEYMAP } from '../state/keymap.js';
import { wrap } from '../text/wrap.js';
import { keysText, keyText } from './keys.js';
import type { Row } from './row.js';
import { fitRow, loud, say } from './spans.js';

interface Section {
  readonly title: string;
  readonly entries: readonly { readonly keys: string; readonly help: string }[];
}

/** Width of the keys in a column. */
const KEYS_WIDTH = 17;
/** From this width on there are two columns. */
const TWO_COLUMNS_FROM_WIDTH = 84;
const COLUMN_GAP = 3;

const isEverywhere = ({ where }: Binding): boolean => where.includes('overlay') && where.includes('composer');
const isReading = ({ where }: Binding): boolean =>
  ['timeline', 'sidebar', 'overlay'].some((each) => where.some((one) => one === each));

const keysSection = (title: string, belongs: (binding: Binding) => boolean): Section => ({
  title,
  entries: KEYMAP.filter((binding) => binding.keys.length > 0 && belongs(binding)).map((binding) => ({
    keys: keysText(binding),
    help: binding.help,
  })),
});

/** A function, because the person's own keys are put into the keymap later. */
const sections = (): readonly Section[] => [
  keysSection('Reading', (binding) => isReading(binding) && !isEverywhere(binding)),
  keysSection('Writing', (binding) => !isReading(binding)),
  {
    title: 'In a text',
    entries: EDITING_HELP.map(({ keys, help }) => ({ keys: keys.split(' ').map(keyText).join(' '), help })),
  },
  keysSection('Everywhere', isEverywhere),
  {
    title: 'Commands',
    entries: COMMANDS.map(({ name, arguments: args, help }) => ({
      keys: `:${args === '' ? name : `${name} ${args}`}`,
      help,
    })),
  },
];

/** The help never changes, so it is laid out once for each width. */
let last: { readonly width: number; readonly rows: readonly Row[] } | undefined;

export function helpRows(width: number): readonly Row[] {
  if (last?.width !== width) last = { width, rows: laidOut(width) };
  return last.rows;
}

function laidOut(width: number): readonly Row[] {
  if (width < TWO_COLUMNS_FROM_WIDTH) return columnOf(sections(), width);
  const leftWidth = Math.floor((width - COLUMN_GAP) / 2);
  const rightWidth = width - COLUMN_GAP - leftWidth;
  const columns = sections().map((_, at) => ({
    left: columnOf(sections().slice(0, at + 1), leftWidth),
    right: columnOf(sections().slice(at + 1), rightWidth),
  }));
  const heightOf = ({ left, right }: (typeof columns)[number]): number => Math.max(left.length, right.length);
  const best = columns.reduce((one, other) => (heightOf(other) < heightOf(one) ? other : one));
  return Array.from({ length: heightOf(best) }, (_, y) => [
    ...fitRow(best.left[y] ?? [], leftWidth + COLUMN_GAP),
    ...(best.right[y] ?? []),
  ]);
}

const columnOf = (sections: readonly Section[], width: number): readonly Row[] =>
  sections.flatMap((section, index) => [...(index === 0 ? [] : [[]]), ...sectionRows(section, width)]);

const sectionRows = ({ title, entries }: Section, width: number): readonly Row[] => [
  [loud('title', title)],
  ...entries.flatMap(({ keys, help }) => entryRows(keys, help, width)),
];

function entryRows(keys: string, help: string, width: number): readonly Row[] {
  const room = Math.max(1, width - KEYS_WIDTH - 2);
  const lines = wrap(help, room);
  const key = say('key', `  ${keys}`);
  // Keys that are wider than their column are in a row of their own.
  const apart = keys.length + 1 > KEYS_WIDTH;
  const rows = lines.map((line, index) => [
    ...fitRow(index === 0 && !apart ? [key] : [], KEYS_WIDTH + 2),
    say('text', line),
  ]);
  return apart ? [[key], ...rows] : rows;
}
