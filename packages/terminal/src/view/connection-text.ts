/** The state of the session in one line: what happened, the gap, and what happens next by itself. */

import type { Failure } from '@dualping/client';
import type { Connection, State } from '../state/state.js';
import { whereOf } from '../state/where.js';
import { unreachable } from '../unreachable.js';
import { gapText, timeText } from './ages.js';
import { serverText } from './names.js';
import type { Role, Row } from './row.js';
import { lineOf, loud, say } from './spans.js';

type Kind<Name extends Connection['kind']> = Extract<Connection, { readonly kind: Name }>;

/** The same text in ever fewer words; the first one that fits is shown. */
export function connectionVariants(state: State): readonly Row[] {
  const { connection } = state;
  switch (connection.kind) {
    case 'connecting':
      return connecting(connection);
    case 'live':
      return connection.heldUp === undefined ? live(state) : heldUp(connection.heldUp);
    case 'lost':
      return lost(connection);
    case 'resumed':
      return state.clock.monoMs < connection.untilMs ? resumed(connection) : live(state);
    case 'waiting':
      return waiting(connection, state);
    case 'failed':
      return failed(connection.because);
    default:
      return unreachable(connection);
  }
}

const told = (glyph: Role, text: string, rest: Role = 'text'): Row => {
  const space = text.indexOf(' ');
  return space < 0 ? [loud(glyph, text)] : [loud(glyph, text.slice(0, space)), say(rest, text.slice(space))];
};

function connecting({ to }: Kind<'connecting'>): readonly Row[] {
  const whither = to === undefined ? 'looking for a server' : `connecting to ${serverText(to)}`;
  return [told('dim', `◌ ${whither}`, 'dim'), told('dim', '◌ connecting', 'dim')];
}

function live({ clock }: State): readonly Row[] {
  const time = say('dim', `  ${timeText(clock.wallMs, clock)}`);
  return [[...told('good', '● live'), time], told('good', '● live')];
}

const heldUp = ({ detail, reason }: Failure): readonly Row[] =>
  [`◐ posts wait · ${lineOf(detail === '' ? reason : detail)}`, '◐ posts wait'].map((text) =>
    told('warning', text),
  );

function lost({ resumeAfter }: Kind<'lost'>): readonly Row[] {
  if (resumeAfter === 0)
    return ['◐ server lost · resuming', '◐ resuming'].map((text) => told('warning', text));
  return [
    `◐ server lost · resuming from #${resumeAfter}`,
    `◐ resuming from #${resumeAfter}`,
    '◐ resuming',
  ].map((text) => told('warning', text));
}

function resumed({ target, gapMs }: Kind<'resumed'>): readonly Row[] {
  const server = serverText(target);
  const gap = gapText(gapMs);
  return [
    `● resumed on ${server} · gap ${gap} · nothing missed`,
    `● on ${server} · gap ${gap} · nothing missed`,
    `● resumed on ${server} · gap ${gap}`,
    `● ${server} · gap ${gap}`,
    `● ${server}`,
  ].map((text) => told('good', text));
}

function waiting({ retryAtMs, because, cluster }: Kind<'waiting'>, state: State): readonly Row[] {
  const isTrying = retryAtMs === undefined;
  const seconds = isTrying ? 0 : Math.max(0, Math.ceil((retryAtMs - state.clock.monoMs) / 1_000));
  const when = seconds === 0 ? 'now' : `in ${seconds} s`;
  const what = waitingFor(because, cluster);
  // In other places the letter would be typed.
  const key: Row =
    !isTrying && whereOf(state) === 'timeline'
      ? [say('text', ' · '), loud('key', 'r'), say('text', ' now')]
      : [];
  return [
    [...told('warning', `◌ ${what} · trying again ${when}`), ...key],
    [...told('warning', `◌ ${what} · again ${when}`), ...key],
    told('warning', `◌ ${what} · again ${when}`),
    told('warning', `◌ again ${when}`),
  ];
}

function waitingFor({ reason }: Failure, cluster: number | undefined): string {
  // Names the cluster: other clusters may work, and without it people would suspect their own network.
  if (reason === 'no-available-server' && cluster !== undefined) return `cluster ${cluster} is down`;
  if (reason === 'router-unreachable' || reason === 'no-available-server') return 'everything is down';
  if (reason === 'limit-reached' || reason === 'busy') return 'the server is full';
  return 'no connection';
}

const failed = ({ reason, detail }: Failure): readonly Row[] => [
  told('problem', `✗ ${lineOf(detail === '' ? reason : detail)}`, 'problem'),
  told('problem', `✗ ${reason}`, 'problem'),
];
