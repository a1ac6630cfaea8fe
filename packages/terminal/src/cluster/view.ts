/** The whole cluster view as a pure function of the state, called for every frame. */
import type { Frame, Row } from '../view/row.js';
import { cutRow } from '../view/spans.js';
import { tooSmallFrame } from '../view/too-small.js';
import { countsRow } from './counts-row.js';
import { detailRows } from './detail.js';
import { eventRows } from './event-rows.js';
import { footer } from './footer.js';
import { isTooSmallForCluster, LEAST_CLUSTER_SIZE, layoutOf } from './geometry.js';
import { clusterHeaderRow, stripRow } from './header.js';
import { helpPage } from './help.js';
import { routersRow } from './routers-row.js';
import type { ClusterViewState } from './state.js';
import { selectedTableRow, tableRows } from './table.js';
import { chartRows } from './takeover-chart.js';
import { clientsRow, lastRow, partsRow, takeoversTitle } from './takeover-rows.js';

/** Exactly `size.height` rows, none wider than `size.width` cells, whatever the state holds. */
export function clusterView(state: ClusterViewState): Frame {
  const { width, height } = state.size;
  if (isTooSmallForCluster(state.size))
    return tooSmallFrame(state.size, 'the cluster view', LEAST_CLUSTER_SIZE, state.notice?.text);
  const { row, cursor } = footer(state, width);
  const middle = middleRows(state, width);
  const rows = [clusterHeaderRow(state, width), ...middle];
  return {
    rows: [...Array.from({ length: height - 1 }, (_, y) => cutRow(rows[y] ?? [], width)), row],
    cursor: cursor ?? { x: 1, y: isPage(state) ? 1 : selectedRow(state) },
  };
}

/** Whether another page is shown instead of the cluster. */
const isPage = ({ help, detail }: ClusterViewState): boolean => help !== undefined || detail !== undefined;

function middleRows(state: ClusterViewState, width: number): readonly Row[] {
  if (state.help !== undefined) return helpPage(state);
  return state.detail === undefined ? clusterRows(state, width) : detailRows(state, state.detail);
}

/** The row of the screen that the keys are about: a screen reader reads this row. */
function selectedRow(state: ClusterViewState): number {
  const { strip, members } = layoutOf(state);
  const rowsAbove = 2 + (strip ? 1 : 0);
  return rowsAbove + selectedTableRow(state, members);
}

function clusterRows(state: ClusterViewState, width: number): readonly Row[] {
  const layout = layoutOf(state);
  const when = (isThere: boolean, ...rows: readonly Row[]): readonly Row[] => (isThere ? rows : []);
  return [
    ...when(layout.strip, stripRow(state, width)),
    ...tableRows(state, layout.members, width),
    ...(layout.routers && state.routers !== undefined ? [routersRow(state.routers, width)] : []),
    ...when(layout.gapBeforeTakeovers, []),
    ...when(layout.takeovers, takeoversTitle(state, width)),
    ...chartRows(state, layout.chart, width),
    ...when(layout.last, lastRow(state, width)),
    ...when(layout.parts, partsRow(state, width)),
    ...when(layout.clients, clientsRow(state, width)),
    ...(layout.counts && state.counts !== undefined ? [countsRow(state.counts, width)] : []),
    ...when(layout.gapBeforeEvents, []),
    ...eventRows(state, layout.events, width),
  ];
}
