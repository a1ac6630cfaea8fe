/**
 * The first row: the cluster, its state, and the time; below it all clusters, if there are several.
 */
import { clusterKeyOf, clusterTitle } from '@dualping/client';
import { cut } from '../text/wrap.js';
import { lastedText } from '../view/ages.js';
import type { Role, Row } from '../view/row.js';
import { asSelected, cutRow, firstThatFits, lineOf, loud, rowWidth, say, sides } from '../view/spans.js';
import { type ClusterSeen, type ClusterViewState, openCluster, routerSilentMs, victimName } from './state.js';
import { secondText } from './times.js';
import { isHealthy } from './watching.js';

/** Cells that the time of day takes, with the blanks around it. */
const TIME_WIDTH = 10;
const GAP = '  ';
/** A shorter title would be useless. */
const LEAST_TITLE_WIDTH = 6;

export function clusterHeaderRow(state: ClusterViewState, width: number): Row {
  const { clock } = state;
  const time = [say('text', `${secondText(clock.wallMs, clock)} `)];
  return sides(firstThatFits(variants(state, width - TIME_WIDTH), width - TIME_WIDTH), time, width);
}

function variants(state: ClusterViewState, width: number): readonly Row[] {
  const open = openCluster(state)?.assignment;
  const name = clusterTitle(open === undefined ? state.open : clusterKeyOf(open));
  const title = state.clusters.size > 1 ? `${name} of ${state.clusters.size}` : name;
  const cluster = state.clusters.size === 0 ? [] : [say('text', `${title}${GAP}`)];
  const automatic = state.automatic ? [loud('warning', `auto${GAP}`)] : [];
  const [health, ...facts] = healthOf(state);
  const all = facts.flatMap((fact) => [say('text', GAP), fact]);
  const short = [say('text', ' '), ...automatic, ...(health === undefined ? [] : [health])];
  const whole = [...cluster, ...automatic, ...(health === undefined ? [] : [health]), ...all];
  // The title is shortened first.
  const room = width - rowWidth(whole) - 2 * GAP.length;
  const shortTitle =
    room < LEAST_TITLE_WIDTH ? [] : [loud('title', cut(lineOf(state.title), room)), say('text', GAP)];
  return [
    [say('text', ' '), ...shortTitle, ...whole],
    [...short, ...all],
    [...short, ...all.slice(0, 2)],
    short,
  ];
}

/** The state of the cluster, and then facts, the most important first. */
export function healthOf(state: ClusterViewState): Row {
  const silentMs = routerSilentMs(state);
  const cluster = openCluster(state);
  if (silentMs !== undefined) return [loud('problem', silence(state, silentMs))];
  if (cluster === undefined)
    return [
      say(
        'warning',
        state.heardMs === undefined ? '◌ asking the router …' : '◌ no server has registered yet',
      ),
    ];
  const { assignment, members } = cluster;
  if (members.length === 0) return [say('warning', '◌ no server has registered yet')];
  const epoch = say('text', `epoch ${assignment.epoch}`);
  if (!assignment.available) {
    const why = assignment.unavailableReason === '' ? '' : `: ${lineOf(assignment.unavailableReason)}`;
    return [loud('problem', `✗ nobody available${why}`), epoch];
  }
  const { healthy, role, glyph } = healthText(cluster);
  const primary = assignment.primary;
  const name =
    primary === undefined
      ? 'nobody'
      : victimName({ kind: 'server', cluster: state.open, serverId: primary.serverId }, 1);
  return [
    loud(role, `${glyph} ${healthy} of ${members.length} healthy`),
    say('text', `primary ${name}`),
    epoch,
    // At rest no server is available, and the router says why.
    ...(assignment.suspended === undefined ? [] : [loud('warning', 'failover paused')]),
  ];
}

function silence({ heardMs, clock }: ClusterViewState, silentMs: number): string {
  const since = `◌ no router answers for ${lastedText(silentMs)}`;
  return heardMs === undefined
    ? since
    : `${since} · this is as of ${secondText(clock.wallMs - silentMs, clock)}`;
}

function healthText({ assignment, members }: ClusterSeen): {
  readonly healthy: number;
  readonly role: Role;
  readonly glyph: string;
} {
  const healthy = members.filter(isHealthy).length;
  if (!assignment.available) return { healthy, role: 'problem', glyph: '✗' };
  return healthy === members.length
    ? { healthy, role: 'good', glyph: '●' }
    : { healthy, role: 'warning', glyph: '◐' };
}

/** All clusters in a row, around the one that is open. */
export function stripRow(state: ClusterViewState, width: number): Row {
  const tabs = [...state.clusters].map(([number, cluster]) => ({
    number,
    row: tabOf(number, cluster, state),
  }));
  const at = Math.max(
    0,
    tabs.findIndex(({ number }) => number === state.open),
  );
  // Enough clusters before the open one, so that it and the next ones are visible.
  let first = 0;
  const upTo = (from: number): number =>
    tabs.slice(from, at + 1).reduce((sum, { row }) => sum + rowWidth(row), 0);
  while (first < at && upTo(first) > width - 2) first += 1;
  const before = say('dim', first > 0 ? '‹' : ' ');
  return cutRow([before, ...tabs.slice(first).flatMap(({ row }) => row)], width);
}

function tabOf(number: number, cluster: ClusterSeen, state: ClusterViewState): Row {
  const { assignment, members } = cluster;
  const known = healthText(cluster);
  const { healthy } = known;
  const { role, glyph } =
    routerSilentMs(state) === undefined ? known : ({ role: 'dim', glyph: '?' } as const);
  const primary =
    assignment.available && assignment.primary !== undefined ? ` s${assignment.primary.serverId}` : '';
  const tab = [
    say('text', ` ${clusterKeyOf(assignment)} `),
    say(role, glyph),
    say('text', ` ${healthy}/${members.length}${primary} `),
  ];
  return number === state.open ? asSelected(tab.map((span) => ({ ...span, bold: true }))) : tab;
}
