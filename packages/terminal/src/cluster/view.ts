/** The whole cluster view, out of the whole state: pure, and asked for at every frame. */
import type { Frame, Row } from '../view/row.js';
import { cutRow, firstThatFits, say } from '../view/spans.js';
import { countsRow } from './counts-row.js';
import { eventRows } from './event-rows.js';
import { footer } from './footer.js';
import { isTooSmallForCluster, LEAST_CLUSTER_SIZE, layoutOf } from './geometry.js';
import { clusterHeaderRow, stripRow } from './header.js';
import { helpPage } from './help.js';
import type { ClusterViewState } from './state.js';
import { tableRows } from './table.js';
import { chartRows } from './takeover-chart.js';
import { clientsRow, lastRow, partsRow, takeoversTitle } from './takeover-rows.js';

/** Exactly `size.height` rows, none wider than `size.width` cells, whatever the state holds. */
export function clusterView(state: ClusterViewState): Frame {
  const { width, height } = state.size;
  if (isTooSmallForCluster(state.size)) return tooSmall(width, height);
  const { row, cursor } = footer(state, width);
  const middle = state.help === undefined ? clusterRows(state, width) : helpPage(state);
  const rows = [clusterHeaderRow(state, width), ...middle];
  return {
    rows: [...Array.from({ length: height - 1 }, (_, y) => cutRow(rows[y] ?? [], width)), row],
    cursor,
  };
}

function clusterRows(state: ClusterViewState, width: number): readonly Row[] {
  const layout = layoutOf(state);
  const when = (isThere: boolean, ...rows: readonly Row[]): readonly Row[] => (isThere ? rows : []);
  return [
    ...when(layout.strip, stripRow(state, width)),
    ...tableRows(state, layout.members, width),
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

function tooSmall(width: number, height: number): Frame {
  const least = `${LEAST_CLUSTER_SIZE.width}x${LEAST_CLUSTER_SIZE.height}`;
  const told = [
    `the cluster view needs ${least} cells: make the window larger`,
    `the cluster view needs ${least} cells`,
    `needs ${least}`,
  ].map((text) => [say('text', text)]);
  const middle = Math.floor(Math.max(0, height - 1) / 2);
  const rows = Array.from({ length: Math.max(0, height) }, (_, y) =>
    y === middle ? firstThatFits(told, width) : [],
  );
  return { rows, cursor: undefined };
}
