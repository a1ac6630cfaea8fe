/**
 * The left column: timelines with unread counts, followed people with their presence, and suggested people.
 */

import type { Size } from '../state/geometry.js';
import { type SidebarLine, sidebarLines, sidebarTop } from '../state/sidebar-lines.js';
import type { SidebarEntry, State, TimelineId } from '../state/state.js';
import { unreachable } from '../unreachable.js';
import { countText as peopleCount } from './counts.js';
import { presenceGlyph, timelineTitle } from './names.js';
import { personNamed } from './people-index.js';
import type { Role, Row, Span } from './row.js';
import { asSelected, cutRow, fitRow, lineOf, loud, say, sides } from './spans.js';

const timelineOf = (entry: SidebarEntry): TimelineId =>
  entry.kind === 'timeline' ? entry.id : `@${entry.name}`;

/** Exactly `height` rows. */
export function sidebarRows(state: State, { width, height }: Size): readonly Row[] {
  const lines = sidebarLines(state);
  const top = sidebarTop(state, height);
  const below = lines.length - top - height;
  const last = lines.at(-1);
  // That line counts the hidden people.
  const hidden = last?.kind === 'more' ? last.count - 1 : 0;
  return Array.from({ length: height }, (_, y) => {
    const line = lines[top + y];
    if (line === undefined) return [];
    if (!isStoodOn(line, state)) {
      if (y === 0 && top > 0) return moreRow('↑', top + 1, width);
      if (y === height - 1 && below > 0) return moreRow('↓', below + 1 + hidden, width);
    }
    return lineRow(line, state, width);
  });
}

const isStoodOn = (line: SidebarLine, { focus, sidebarAt }: State): boolean =>
  focus === 'sidebar' && line.kind === 'entry' && line.at === sidebarAt;

/** Shows how many more lines there are in a direction. */
const moreRow = (glyph: string, count: number, width: number): Row =>
  cutRow([say('dim', `  ${glyph} ${peopleCount(count)} more`)], width);

function lineRow(line: SidebarLine, state: State, width: number): Row {
  switch (line.kind) {
    case 'blank':
      return [];
    case 'more':
      return cutRow([say('dim', `  ${peopleCount(line.count)} more: :list`)], width);
    case 'heading':
      return headingRow(line.group, line.count, width);
    case 'entry':
      return entryRow(line, state, width);
    default:
      return unreachable(line);
  }
}

const headingRow = (group: SidebarEntry['kind'], count: number | undefined, width: number): Row =>
  cutRow(
    [
      loud('title', ` ${HEADINGS[group]}`),
      ...(count === undefined ? [] : [say('dim', ` ${peopleCount(count)}`)]),
    ],
    width,
  );

const HEADINGS: Readonly<Record<SidebarEntry['kind'], string>> = {
  timeline: 'Timelines',
  followed: 'Following',
  suggested: 'People',
};

function entryRow(line: SidebarLine & { readonly kind: 'entry' }, state: State, width: number): Row {
  const { entry } = line;
  const timeline = timelineOf(entry);
  const open = timeline === state.timeline;
  const stoodOn = isStoodOn(line, state);
  const unread = state.unread.get(timeline) ?? 0;
  const mark = say('title', `${stoodOn ? '▌' : ' '}${open ? '▸' : ' '}`);
  const count: readonly Span[] = unread === 0 ? [] : [loud('unread', countText(unread)), say('text', ' ')];
  const left = [mark, ...nameSpans(entry, state, open || unread > 0)];
  const row = fitRow(count.length === 0 ? cutRow(left, width - 1) : sides(left, count, width), width);
  return stoodOn ? asSelected(row) : row;
}

const MOST_COUNTED = 999;
const countText = (count: number): string => (count > MOST_COUNTED ? `${MOST_COUNTED}+` : String(count));

function nameSpans(entry: SidebarEntry, state: State, bold: boolean): Row {
  if (entry.kind === 'timeline') {
    const title = timelineTitle(entry.id);
    return [bold ? loud('text', title) : say('text', title)];
  }
  const present = personNamed(state, entry.name)?.present ?? false;
  const role: Role = entry.kind === 'followed' && present ? 'text' : 'dim';
  const name = ` ${lineOf(entry.name)}`;
  const glyph = say(present ? 'good' : 'dim', presenceGlyph(present));
  return [glyph, bold ? loud('text', name) : say(role, name)];
}
