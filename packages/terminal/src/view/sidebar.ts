/** The left column: timelines with what is unread, whom one follows and who is here, and whom one could follow. */
import type { Area, Size } from '../state/geometry.js';
import { geometryNow } from '../state/screen-geometry.js';
import { sidebarEntries } from '../state/sidebar-entries.js';
import type { SidebarEntry, State, TimelineId } from '../state/state.js';
import { presenceGlyph, timelineTitle } from './names.js';
import { personNamed } from './people-index.js';
import type { Role, Row, Span } from './row.js';
import { asSelected, cutRow, fitRow, lineOf, loud, say, sides } from './spans.js';

type Line =
  | { readonly kind: 'blank' }
  | { readonly kind: 'heading'; readonly text: string; readonly count: number | undefined }
  | { readonly kind: 'entry'; readonly at: number; readonly entry: SidebarEntry };

function linesOf(state: State): readonly Line[] {
  const entries = sidebarEntries(state);
  const lines: Line[] = [];
  let kind: SidebarEntry['kind'] | undefined;
  for (const [at, entry] of entries.entries()) {
    if (entry.kind !== kind) {
      if (kind !== undefined) lines.push({ kind: 'blank' });
      lines.push(headingOf(entry.kind, entries));
      kind = entry.kind;
    }
    lines.push({ kind: 'entry', at, entry });
  }
  return lines;
}

function headingOf(kind: SidebarEntry['kind'], entries: readonly SidebarEntry[]): Line {
  switch (kind) {
    case 'timeline':
      return { kind: 'heading', text: 'Timelines', count: undefined };
    case 'followed':
      return {
        kind: 'heading',
        text: 'Following',
        count: entries.filter((entry) => entry.kind === kind).length,
      };
    case 'suggested':
      return { kind: 'heading', text: 'People', count: undefined };
  }
}

const timelineOf = (entry: SidebarEntry): TimelineId =>
  entry.kind === 'timeline' ? entry.id : `@${entry.name}`;

interface Shown {
  readonly lines: readonly Line[];
  /** Lines above and below the screen. */
  readonly above: number;
  readonly below: number;
}

/** The part that is on the screen: it follows where one stands, so nothing has to be remembered of it. */
function shownLines(state: State, height: number): Shown {
  const lines = linesOf(state);
  if (lines.length <= height) return { lines, above: 0, below: 0 };
  const anchor = lines.findIndex(
    (line) =>
      line.kind === 'entry' &&
      (state.focus === 'sidebar' ? line.at === state.sidebarAt : timelineOf(line.entry) === state.timeline),
  );
  const above = Math.max(0, Math.min(anchor - Math.floor(height / 2), lines.length - height));
  return { lines: lines.slice(above, above + height), above, below: lines.length - height - above };
}

/** Exactly `height` rows. */
export function sidebarRows(state: State, { width, height }: Size): readonly Row[] {
  const { lines, above, below } = shownLines(state, height);
  const last = Math.min(lines.length, height) - 1;
  return Array.from({ length: height }, (_, y) => {
    const line = lines[y];
    if (line === undefined) return [];
    if (y === 0 && hidesNothingStoodOn(line, state) && above > 0) return moreRow('↑', above + 1, width);
    if (y === last && hidesNothingStoodOn(line, state) && below > 0) return moreRow('↓', below + 1, width);
    return lineRow(line, state, width);
  });
}

const hidesNothingStoodOn = (line: Line, { focus, sidebarAt }: State): boolean =>
  !(line.kind === 'entry' && focus === 'sidebar' && line.at === sidebarAt);

const moreRow = (glyph: string, count: number, width: number): Row =>
  cutRow([say('dim', `  ${glyph} ${count} more`)], width);

/** Which entry is drawn in a row of the screen; undefined: none. For the mouse. */
export function sidebarEntryAt(state: State, y: number): number | undefined {
  const area: Area | undefined = geometryNow(state).sidebar;
  if (area === undefined || y < area.y || y >= area.y + area.height) return undefined;
  const line = shownLines(state, area.height).lines[y - area.y];
  return line?.kind === 'entry' ? line.at : undefined;
}

function lineRow(line: Line, state: State, width: number): Row {
  switch (line.kind) {
    case 'blank':
      return [];
    case 'heading': {
      const count = line.count === undefined ? [] : [say('dim', ` ${line.count}`)];
      return cutRow([loud('title', ` ${line.text}`), ...count], width);
    }
    case 'entry':
      return entryRow(line.entry, line.at, state, width);
  }
}

function entryRow(entry: SidebarEntry, at: number, state: State, width: number): Row {
  const timeline = timelineOf(entry);
  const open = timeline === state.timeline;
  const stoodOn = state.focus === 'sidebar' && at === state.sidebarAt;
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
