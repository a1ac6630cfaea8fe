/**
 * Which parts of the cluster view fit, and how many rows each has: the most important parts get room first.
 */
import type { Size } from '../state/geometry.js';
import { type ClusterViewState, victimsOf } from './state.js';
import { takeoversHere } from './takeovers.js';

/** Below this the screen only says that it is too small. */
export const LEAST_CLUSTER_SIZE: Size = { width: 60, height: 16 };

export const isTooSmallForCluster = ({ width, height }: Size): boolean =>
  width < LEAST_CLUSTER_SIZE.width || height < LEAST_CLUSTER_SIZE.height;

export interface ClusterLayout {
  /** A row with all clusters. */
  readonly strip: boolean;
  /** Rows for servers and the router. */
  readonly members: number;
  /** A row with all routers. */
  readonly routers: boolean;
  readonly gapBeforeTakeovers: boolean;
  readonly takeovers: boolean;
  /** Rows of the bars; 0: none. */
  readonly chart: number;
  readonly last: boolean;
  readonly parts: boolean;
  readonly clients: boolean;
  readonly counts: boolean;
  readonly gapBeforeEvents: boolean;
  /** Rows of events below their title. */
  readonly events: number;
}

/** Header, head of the table, title of the events, footer. */
const FIXED_ROWS = 4;
const LEAST_MEMBERS = 3;
const LEAST_EVENTS = 3;
/**
 * Height from which the bars have an axis: they grow with the screen, and one row is enough to compare them.
 */
const AXIS_FROM_HEIGHT = 30;
export const LEAST_CHART_WITH_AXIS = 3;
const MOST_CHART = 9;
/** Rows of the screen for each row of the chart. */
const ROWS_A_CHART_ROW = 6;

type Yes = { -readonly [Name in keyof ClusterLayout]: ClusterLayout[Name] };

export function layoutOf(state: ClusterViewState): ClusterLayout {
  const { size } = state;
  const takeovers = takeoversHere(state);
  const last = takeovers.at(-1);
  const wanted = Math.max(1, victimsOf(state).length);
  const strip = state.clusters.size > 1;
  let room = Math.max(0, size.height - FIXED_ROWS - (strip ? 1 : 0));
  const members = Math.min(wanted, LEAST_MEMBERS, room);
  room -= members;
  const events = Math.min(LEAST_EVENTS, room);
  room -= events;
  const layout: Yes = {
    strip,
    members,
    routers: false,
    gapBeforeTakeovers: false,
    takeovers: false,
    chart: 0,
    last: false,
    parts: false,
    clients: false,
    counts: false,
    gapBeforeEvents: false,
    events,
  };
  const take = (isWanted: boolean): boolean => {
    if (!isWanted || room < 1) return false;
    room -= 1;
    return true;
  };
  const hasAny = last !== undefined;
  layout.routers = take(state.routers !== undefined);
  layout.takeovers = take(true);
  layout.chart = take(hasAny) ? 1 : 0;
  layout.last = take(hasAny);
  layout.counts = take(state.counts !== undefined);
  layout.members += Math.min(wanted - members, Math.max(0, room - 2));
  room -= layout.members - members;
  layout.parts = take(hasAny);
  layout.gapBeforeEvents = take(true);
  layout.gapBeforeTakeovers = take(true);
  layout.clients = take(last?.clients !== undefined || last?.grainMs !== undefined);
  const chart = Math.min(MOST_CHART, Math.floor(size.height / ROWS_A_CHART_ROW), room + layout.chart);
  if (layout.chart > 0 && chart >= LEAST_CHART_WITH_AXIS && size.height >= AXIS_FROM_HEIGHT) {
    room -= chart - layout.chart;
    layout.chart = chart;
  }
  layout.events += room;
  return layout;
}
