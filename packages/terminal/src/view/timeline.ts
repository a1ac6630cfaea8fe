/**
 * The middle of the screen: the posts at the reader's place, or a text when there are none.
 */

import type { Size } from '../state/geometry.js';
import { type Block, placeOf, type Window } from '../state/reading.js';
import { hasTopLine } from '../state/screen-geometry.js';
import type { Item, State } from '../state/state.js';
import { unreachable } from '../unreachable.js';
import { timeText, whenText } from './ages.js';
import { emptyTimelineRows } from './empty-timeline.js';
import { keyOf } from './keys.js';
import { type BlockLook, blockRows } from './post-block.js';
import { profileRow } from './profile.js';
import type { Row } from './row.js';
import { cutRow, firstThatFits, lineOf, rowWidth, say } from './spans.js';
import { personOfTimeline } from './subject.js';

/** The timeline's area: exactly `height` rows. */
export function timelineRows(state: State, { width, height }: Size, shown: Window): readonly Row[] {
  const top = topRows(state, width);
  const posts = postRows(state, { width, height: Math.max(0, height - top.length) }, shown);
  return [...top, ...posts].slice(0, height);
}

function topRows(state: State, width: number): readonly Row[] {
  if (!hasTopLine(state)) return [];
  const person = personOfTimeline(state.timeline);
  return [person === undefined ? followersRow(state, width) : profileRow(state, person, width)];
}

/** The new followers, the newest first, as many as fit. */
function followersRow({ newFollowers: { shown } }: State, width: number): Row {
  const names = shown.toReversed().map((name) => `@${lineOf(name)}`);
  const told = (count: number): Row => [
    say('unread', '  new: '),
    say('author', names.slice(0, count).join(', ')),
    say(
      'text',
      count < names.length
        ? ` and ${names.length - count} more follow you`
        : names.length === 1
          ? ' follows you'
          : ' follow you',
    ),
  ];
  return firstThatFits(
    names.map((_, at) => told(names.length - at)),
    width,
  );
}

function postRows(state: State, size: Size, shown: Window): readonly Row[] {
  if (shown.blocks.length === 0 && !shown.olderRow) return emptyTimelineRows(state, size);
  const rows: Row[] = Array.from({ length: shown.blankRows }, () => []);
  if (shown.olderRow) rows.push(olderRow(shown.older, size.width));
  const look = lookOf(state);
  for (const block of shown.blocks) rows.push(...rowsOfBlock(block, state, shown.newCount, size.width, look));
  while (rows.length < size.height) rows.push([]);
  return rows.slice(0, size.height);
}

function rowsOfBlock(
  { item, skipRows, rows, divider }: Block,
  state: State,
  newCount: number,
  width: number,
  look: (item: Item) => BlockLook,
): readonly Row[] {
  const own = blockRows(item, width, look(item)).slice(skipRows);
  return (divider ? [dividerRow(state, newCount, width), ...own] : own).slice(0, rows);
}

/** How the posts of one frame look: ages, marks and selection. */
function lookOf(state: State): (item: Item) => BlockLook {
  const { clock, settings, me, search, fresh, ignored } = state;
  const { selected } = placeOf(state);
  const when = (wallMs: number): string => whenText(wallMs, clock, settings.times);
  return (item) => ({
    me,
    when,
    selected: item.key === selected,
    focused: state.focus === 'timeline',
    fresh: item.kind === 'post' && (fresh.get(item.key) ?? Number.NEGATIVE_INFINITY) > clock.monoMs,
    search,
    ignored,
  });
}

/** Left margin of rows about the posts. */
const INDENT = '    ';

function olderRow(older: Window['older'], width: number): Row {
  switch (older) {
    case 'loading':
      return cutRow([say('dim', `${INDENT}◌ loading older posts`)], width);
    case 'more':
      return firstThatFits(
        [
          [say('dim', `${INDENT}↑ older posts: keep scrolling (${keyOf('previous')} / ${keyOf('page-up')})`)],
          [say('dim', `${INDENT}↑ older posts: keep scrolling`)],
          [say('dim', `${INDENT}↑ older posts`)],
        ],
        width,
      );
    case 'none':
      return cutRow([say('dim', `${INDENT}· nothing older ·`)], width);
    default:
      return unreachable(older);
  }
}

/** Blank cells at both ends of the divider. */
const DIVIDER_MARGIN = 1;

function dividerRow(state: State, newCount: number, width: number): Row {
  const { divider } = placeOf(state);
  const since = divider === undefined ? '' : ` since ${timeText(divider.sinceWallMs, state.clock)}`;
  const room = width - 2 * DIVIDER_MARGIN;
  const [told] = firstThatFits(
    [[say('unread', ` ${newCount} new${since} `)], [say('unread', ` ${newCount} new `)], [say('unread', '')]],
    room,
  );
  const label = told ?? say('unread', '');
  const line = Math.max(0, room - rowWidth([label]));
  const left = Math.floor(line / 2);
  return cutRow(
    [
      say('text', ' '.repeat(DIVIDER_MARGIN)),
      say('unread', '─'.repeat(left)),
      { ...label, bold: true },
      say('unread', '─'.repeat(line - left)),
    ],
    width,
  );
}
