/** The help of the cluster view: its keys, and what its columns and signs mean. */
import { wrap } from '../text/wrap.js';
import { keyText } from '../view/keys.js';
import type { Row } from '../view/row.js';
import { cutRow, fitRow, loud, say } from '../view/spans.js';
import { keymapFor } from './keymap.js';
import type { ClusterViewState } from './state.js';

interface Entry {
  readonly keys: string;
  readonly help: string;
}

const KEYS_WIDTH = 16;
const INDENT = 2;

const MEANINGS: readonly Entry[] = [
  { keys: '● up', help: 'live and in sync: it holds every acknowledged post and may be promoted' },
  { keys: '◌ joining', help: 'live, and still fetching what it lacks' },
  { keys: '✗ dead', help: 'the router does not hear it: its stream ended, or it was silent for too long' },
  {
    keys: '? up, ? dead',
    help: 'as the router said last: it does not answer now, and what goes by time stands still',
  },
  { keys: '✗ killed', help: 'what was done to it here, and the router has not told yet' },
  { keys: '◐ frozen, cut off', help: 'what was done to it here; the router only sees that it is silent' },
  {
    keys: 'HEARTBEAT',
    help: 'a sign a second: how long the router had not heard it then, ▁ up to 25 ms, ▃ 100 ms, █ over 450 ms, · not live',
  },
  {
    keys: '▴ ▾',
    help: 'behind the column that the rows are sorted by: from the least, from the most or the worst',
  },
  { keys: 'AGE', help: 'how long ago it was heard, as the router said last' },
  { keys: 'LAG', help: 'committed entries it does not hold, by the last pings of both' },
  { keys: 'CLIENTS', help: 'timelines that are open on it' },
  { keys: 'EPOCH', help: 'the last reign in which it was live' },
  { keys: 'UPTIME', help: 'since it was seen to come; > where it was there before this view' },
  {
    keys: 'Takeovers',
    help: 'each from the fault to the first acknowledged post; where nobody here made it, from when the primary was heard last, as far as stats show it',
  },
];

function helpRows({ canAct, size }: ClusterViewState): readonly Row[] {
  const keys: readonly Entry[] = keymapFor(canAct).map((binding) => ({
    keys: binding.keys.map(keyText).join(' '),
    help: binding.help,
  }));
  const width = size.width - INDENT;
  return [
    [loud('title', ' Keys')],
    ...keys.flatMap((entry) => entryRows(entry, width)),
    [],
    [loud('title', ' What it shows')],
    ...MEANINGS.flatMap((entry) => entryRows(entry, width)),
  ];
}

function entryRows({ keys, help }: Entry, width: number): readonly Row[] {
  const column = KEYS_WIDTH + INDENT;
  const lines = wrap(help, Math.max(1, width - column));
  const apart = keys.length >= KEYS_WIDTH;
  const key = say('key', `  ${keys}`);
  const rows = lines.map((line, at) => [
    ...fitRow(at === 0 && !apart ? [key] : [], column),
    say('text', line),
  ]);
  return apart ? [[key], ...rows] : rows;
}

/** Header and footer stay. */
const roomFor = ({ size }: ClusterViewState): number => Math.max(0, size.height - 2);

/** The furthest that the help can be scrolled. */
export const mostHelpScroll = (state: ClusterViewState): number =>
  Math.max(0, helpRows(state).length - roomFor(state));

/** Exactly as many rows as there are between header and footer. */
export function helpPage(state: ClusterViewState): readonly Row[] {
  const all = helpRows(state);
  const first = Math.max(0, Math.min(state.help?.scroll ?? 0, mostHelpScroll(state)));
  return Array.from({ length: roomFor(state) }, (_, y) => cutRow(all[first + y] ?? [], state.size.width));
}
