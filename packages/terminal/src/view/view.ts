/** The whole screen as a pure function of the state, called for every frame. */
import { type Geometry, isTooSmall, LEAST_SIZE } from '../state/geometry.js';
import { windowOf } from '../state/reading.js';
import { geometryNow, postsArea } from '../state/screen-geometry.js';
import type { State } from '../state/state.js';
import { composerView } from './composer.js';
import { selectionCursor } from './cursor.js';
import { footerRow } from './footer.js';
import { headerRow } from './header.js';
import { overlayArea, overlayRows } from './overlay.js';
import { paneRows } from './pane.js';
import type { Frame, Row } from './row.js';
import { ruleRow } from './rule.js';
import { sidebarRows } from './sidebar.js';
import { cutRow, fitRow, say } from './spans.js';
import { timelineRows } from './timeline.js';
import { tooSmallFrame } from './too-small.js';

/** Exactly `size.height` rows, none wider than `size.width` cells, whatever the state holds. */
export function view(state: State): Frame {
  const { size } = state;
  if (isTooSmall(size)) return tooSmallFrame(size, 'dualping', LEAST_SIZE, state.notice?.text);
  const geometry = geometryNow(state);
  const shown = windowOf(state, postsArea(state));
  const composer = composerView(state, geometry.composer);
  const rows: readonly Row[] = [
    headerRow(state, size.width, geometry.sidebar === undefined),
    ...middleRows(state, geometry, shown),
    ruleRow(state, geometry, shown),
    ...composer.rows,
    footerRow(state, size.width),
  ];
  return { rows, cursor: composer.cursor ?? selectionCursor(state, geometry, shown) };
}

function middleRows(state: State, geometry: Geometry, shown: ReturnType<typeof windowOf>): readonly Row[] {
  const { sidebar, timeline, pane } = geometry;
  const columns: Column[] = [];
  if (sidebar !== undefined) columns.push({ width: sidebar.width, rows: sidebarRows(state, sidebar) });
  if (state.overlay !== undefined) {
    const area = overlayArea(state);
    columns.push({ width: area.width, rows: overlayRows(state.overlay, state, area) });
  } else {
    columns.push({ width: timeline.width, rows: timelineRows(state, timeline, shown) });
    if (pane !== undefined) columns.push({ width: pane.width, rows: paneRows(state, pane) });
  }
  return Array.from({ length: timeline.height }, (_, y) => besideOneAnother(columns, y));
}

interface Column {
  readonly width: number;
  readonly rows: readonly Row[];
}

/** Row `y` of all columns, separated by a line. */
const besideOneAnother = (columns: readonly Column[], y: number): Row =>
  columns.flatMap(({ width, rows }, index) => {
    const row = rows[y] ?? [];
    return index === columns.length - 1 ? cutRow(row, width) : [...fitRow(row, width), say('frame', '│')];
  });
