/**
 * The last row: the keys that do something now, the search that is typed, or a short notice.
 */
import { layout } from '../editor/editor.js';
import { keyText } from '../view/keys.js';
import type { Frame, Row } from '../view/row.js';
import { cutRow, lineOf, loud, rowWidth, say } from '../view/spans.js';
import { type ClusterAction, type ClusterBinding, keymapFor } from './keymap.js';
import { type ClusterViewState, victimKey } from './state.js';
import { whereOf } from './step.js';

export interface Footer {
  readonly row: Row;
  readonly cursor: Frame['cursor'];
}

/** Cells of ` /`. */
const PROMPT_INDENT = 2;
/** The actions that stay when there is little room, the most needed first. */
const MOST_NEEDED: readonly ClusterAction[] = [
  'confirm',
  'leave',
  'help',
  'quit',
  'kill',
  'kill-primary',
  'freeze',
  'cut',
  'restart',
  'automatic',
  'open',
  'sort',
  'next-cluster',
];

export function footer(state: ClusterViewState, width: number): Footer {
  const { prompt, notice, size } = state;
  if (prompt !== undefined) {
    const { rows, cursorColumn } = layout(prompt, Math.max(1, width - PROMPT_INDENT - 1), 1);
    const row = cutRow([loud('key', ' /'), say('text', rows[0] ?? '')], width);
    const x = Math.min(width - 1, PROMPT_INDENT + cursorColumn);
    return { row, cursor: { x, y: size.height - 1 } };
  }
  if (notice === undefined) return { row: keysRow(state, width), cursor: undefined };
  const text = lineOf(notice.text);
  const row = notice.kind === 'problem' ? [say('problem', ` ✗ ${text}`)] : [say('text', ` ${text}`)];
  return { row: cutRow(row, width), cursor: undefined };
}

function keysRow(state: ClusterViewState, width: number): Row {
  const where = whereOf(state);
  const shown = keymapFor(state.canAct).flatMap((binding) => {
    const label = binding.where.includes(where) ? labelNow(binding, state) : undefined;
    return label === undefined
      ? []
      : [{ action: binding.action, spans: spansOf(keyText(binding.keys[0] ?? ''), label) }];
  });
  const rank = (action: ClusterAction): number => {
    const at = MOST_NEEDED.indexOf(action);
    return at < 0 ? MOST_NEEDED.length : at;
  };
  const chosen = new Set<(typeof shown)[number]>();
  let room = width;
  for (const each of [...shown].sort((one, other) => rank(one.action) - rank(other.action))) {
    if (rowWidth(each.spans) > room) continue;
    chosen.add(each);
    room -= rowWidth(each.spans);
  }
  const row = shown.filter((each) => chosen.has(each)).flatMap(({ spans }) => spans);
  return cutRow(row, width);
}

const spansOf = (key: string, label: string): Row => [say('key', ` ${key}`), say('dim', ` ${label} `)];

/** The label of a key now; undefined: the key does nothing now, or is obvious. */
export function labelNow({ action, label }: ClusterBinding, state: ClusterViewState): string | undefined {
  const mark = state.selected === undefined ? undefined : state.marks.get(victimKey(state.selected));
  switch (action) {
    case 'freeze':
      return mark === 'frozen' ? 'thaw' : label;
    case 'cut':
      return mark === 'cut' ? 'heal' : label;
    case 'automatic':
      return state.automatic ? 'stop' : label;
    case 'next-cluster':
      return state.clusters.size > 1 ? label : undefined;
    case 'pause':
      return state.shown.end === undefined ? label : 'go on';
    case 'leave':
      return state.help !== undefined || state.detail !== undefined || state.shown.search !== undefined
        ? label
        : undefined;
    default:
      return label;
  }
}
