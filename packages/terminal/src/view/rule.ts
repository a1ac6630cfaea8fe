/**
 * The line over the composer: it closes the columns, and shows information about the draft or the reader's
 * place.
 */
import { isEmpty, textOf } from '../editor/editor.js';
import { commandNamed } from '../state/commands.js';
import type { Geometry } from '../state/geometry.js';
import type { Window } from '../state/reading.js';
import { draftOf } from '../state/screen-geometry.js';
import type { Prompt, State } from '../state/state.js';
import { keyOf } from './keys.js';
import { answersRow } from './post-block.js';
import type { Row, Span } from './row.js';
import { cutRow, lineOf, loud, rowWidth, say } from './spans.js';

/** Fewest cells of line at both ends, and between the texts on it. */
const LEAST_LINE = 2;

export function ruleRow(state: State, { rule, sidebar, pane }: Geometry, shown: Window): Row {
  const { width } = rule;
  // An overlay also covers the pane, so there is no column to close.
  const junctions = [
    sidebar?.width,
    pane === undefined || state.overlay !== undefined ? undefined : pane.x - 1,
  ];
  const line = Array.from({ length: width }, (_, x) => (junctions.includes(x) ? '┴' : '─')).join('');
  const room = Math.max(0, width - 2 * LEAST_LINE);
  const right = cutRow(belowSpans(shown), room);
  const rightWidth = rowWidth(right);
  const left = leftSpans(state, room - (rightWidth === 0 ? 0 : rightWidth + LEAST_LINE));
  const leftEnd = LEAST_LINE + rowWidth(left);
  const rightStart = width - LEAST_LINE - rightWidth;
  return cutRow(
    [
      say('frame', line.slice(0, LEAST_LINE)),
      ...left,
      say('frame', line.slice(leftEnd, Math.max(leftEnd, rightStart))),
      ...right,
      say('frame', line.slice(width - LEAST_LINE)),
    ],
    width,
  );
}

/** Posts below the screen: new ones, or ones that were scrolled past. */
function belowSpans({ below }: Window): Row {
  if (below === 0) return [];
  return [say('unread', ` ↓ ${below} newer`), say('dim', ' · '), say('key', keyOf('last')), say('text', ' ')];
}

function leftSpans(state: State, room: number): Row {
  const { prompt, search } = state;
  if (prompt !== undefined) return cutRow(promptSpans(prompt, room), room);
  const answers = state.answering.get(state.timeline);
  if (answers !== undefined && (state.focus === 'composer' || !isEmpty(draftOf(state)))) {
    const row = cutRow(answersRow(answers, state.me, state.ignored), Math.max(0, room - 2));
    return [say('text', ' '), ...row, say('text', ' ')];
  }
  if (search === undefined || search === '') return [];
  return cutRow(
    [
      say('text', ' '),
      say('found', `/${lineOf(search)}`),
      say('dim', ` · ${keyOf('next-found')} older · ${keyOf('previous-found')} newer · ${keyOf('leave')} `),
    ],
    room,
  );
}

function promptSpans(prompt: Prompt, room: number): Row {
  if (prompt.completions.length > 0) return completionSpans(prompt, room);
  if (prompt.kind === 'search') return [say('dim', ' search in this timeline ')];
  const command = commandNamed(textOf(prompt.editor).split(' ', 1)[0] ?? '');
  if (command === undefined) return [];
  const usage = command.arguments === '' ? command.name : `${command.name} ${command.arguments}`;
  return [say('text', ` ${usage}`), say('dim', ` · ${command.help} `)];
}

/** As many completions as fit, so that the chosen one is visible. */
function completionSpans({ completions, chosen }: Prompt, room: number): Row {
  let first = 0;
  while (first < chosen && rowWidth(listed(completions, chosen, first, chosen + 1)) > room) first += 1;
  let end = Math.max(first, chosen) + 1;
  while (end < completions.length && rowWidth(listed(completions, chosen, first, end + 1)) <= room) end += 1;
  return listed(completions, chosen, first, end);
}

function listed(completions: readonly string[], chosen: number, first: number, end: number): Row {
  const spans: Span[] = [];
  if (first > 0) spans.push(say('dim', ' ‹'));
  for (const [index, completion] of completions.slice(first, end).entries()) {
    const text = ` ${lineOf(completion)} `;
    spans.push(first + index === chosen ? { ...loud('title', text), selected: true } : say('text', text));
  }
  if (end < completions.length) spans.push(say('dim', '› '));
  return spans;
}
