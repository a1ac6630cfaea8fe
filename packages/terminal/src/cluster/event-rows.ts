/** The events: a title that says which are shown, and a row for each. */

import { unreachable } from '../unreachable.js';
import { countText } from '../view/counts.js';
import type { Role, Row, Span } from '../view/row.js';
import { cutRow, firstThatFits, lineOf, loud, say } from '../view/spans.js';
import { type EventsWindow, eventsWindow } from './event-list.js';
import type { ClusterEvent } from './feed.js';
import { clusterKeyOf } from './key-text.js';
import type { ClusterViewState } from './state.js';
import { millisecondText } from './times.js';

/** The title, and exactly `rows` rows below it: the newest at the bottom once they fill it. */
export function eventRows(state: ClusterViewState, rows: number, width: number): readonly Row[] {
  const window = eventsWindow(state, rows);
  const shown = window.events.map((event) => eventRow(state, event, width));
  return [titleRow(state, window, width), ...Array.from({ length: rows }, (_, y) => shown[y] ?? [])];
}

function titleRow({ shown }: ClusterViewState, { newer, matching }: EventsWindow, width: number): Row {
  const title = loud('title', ' Events');
  const search =
    shown.search === undefined
      ? []
      : [
          say('text', ` with “${lineOf(shown.search)}”: ${countText(matching)}`),
          say('dim', ` · ${clusterKeyOf('leave')} shows all`),
        ];
  const pause = shown.end === undefined ? running(shown.search) : stopped(newer);
  return firstThatFits(
    [
      [title, ...search, ...pause],
      [title, ...pause],
    ],
    width,
  );
}

const running = (search: string | undefined): Row =>
  search === undefined ? [say('dim', ` · ${clusterKeyOf('pause')} pauses`)] : [];

const stopped = (newer: number): Row => [
  loud('warning', ` ‖ paused`),
  say('text', newer === 0 ? '' : `, ${countText(newer)} newer`),
  say('dim', ` · ${clusterKeyOf('pause')} goes on`),
];

export function eventRow(
  { clock, shown }: Pick<ClusterViewState, 'clock' | 'shown'>,
  { atMs, kind, text }: ClusterEvent,
  width: number,
): Row {
  const { sign, role } = looksOf(kind);
  return cutRow(
    [
      say('dim', `   ${millisecondText(atMs, clock)} `),
      loud(role, `${sign} `),
      ...marked(lineOf(text), shown.search),
    ],
    width,
  );
}

export function looksOf(kind: ClusterEvent['kind']): { readonly sign: string; readonly role: Role } {
  switch (kind) {
    case 'up':
      return { sign: '●', role: 'good' };
    case 'down':
      return { sign: '!', role: 'problem' };
    case 'promoted':
      return { sign: '↑', role: 'good' };
    case 'fault':
      return { sign: '✗', role: 'warning' };
    case 'healed':
      return { sign: '+', role: 'good' };
    case 'measured':
      return { sign: '✓', role: 'good' };
    case 'said':
      return { sign: '·', role: 'dim' };
    default:
      return unreachable(kind);
  }
}

/** The text with what was searched for marked in it. */
function marked(text: string, search: string | undefined): readonly Span[] {
  if (search === undefined || search === '') return [say('text', text)];
  const lower = text.toLowerCase();
  // Some letters change their length with their case: then the place of a match is not known.
  if (lower.length !== text.length) return [say('text', text)];
  const wanted = search.toLowerCase();
  const spans: Span[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    if (at > from) spans.push(say('text', text.slice(from, at)));
    spans.push(say('found', text.slice(at, at + wanted.length)));
    from = at + wanted.length;
  }
  return from < text.length ? [...spans, say('text', text.slice(from))] : spans;
}
