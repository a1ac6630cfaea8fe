/**
 * Facts about the session and a person, as labels and values: the pane shows some of them, the overlay all.
 */

import type { State } from '../state/state.js';
import { unreachable } from '../unreachable.js';
import { ageText, gapText, lastedText, timeText } from './ages.js';
import { serverText } from './names.js';
import { personNamed, seenOf } from './people-index.js';
import type { Role } from './row.js';
import { lineOf } from './spans.js';

export interface Fact {
  readonly label: string;
  readonly value: string;
  readonly role: Role;
}

const fact = (label: string, value: string, role: Role = 'text'): Fact => ({ label, value, role });

export function personFacts(state: State, name: string): readonly Fact[] {
  const { posts, lastWallMs } = seenOf(state, name);
  const person = name === state.me ? undefined : personNamed(state, name);
  return [
    ...(person === undefined
      ? []
      : [
          fact('you follow', person.followed ? 'yes' : 'no', person.followed ? 'good' : 'dim'),
          fact('follows you', person.followsMe ? 'yes' : 'no', person.followsMe ? 'good' : 'dim'),
        ]),
    ...(state.muted.has(name) ? [fact('muted', 'yes', 'warning')] : []),
    ...(state.ignored.has(name) ? [fact('ignored', 'yes', 'warning')] : []),
    fact('posts seen', String(posts)),
    ...(lastWallMs === undefined ? [] : [fact('last post', ageText(lastWallMs, state.clock))]),
  ];
}

/** The facts about the session in the pane. */
export function sessionFacts(state: State): readonly Fact[] {
  const { story } = state;
  const lost = lostPosts(state);
  const { lastMove } = story;
  return [
    ...serverFacts(state),
    fact('takeovers', `${story.moves} survived`),
    fact('lost', String(lost), lost === 0 ? 'good' : 'problem'),
    fact('longest gap', story.moves === 0 ? '—' : gapText(story.longestGapMs)),
    ...(lastMove === undefined
      ? []
      : [
          fact('last move', `${serverText(lastMove.from)} → ${serverText(lastMove.to)}`),
          fact('', `${gapText(lastMove.gapMs)} at ${timeText(lastMove.wallMs, state.clock)}`),
        ]),
  ];
}

function serverFacts({ connection, clock }: State): readonly Fact[] {
  switch (connection.kind) {
    case 'live':
    case 'resumed':
      return [
        fact('server', `${serverText(connection.target)} · epoch ${connection.target.epoch}`),
        fact('stream up', lastedText(clock.monoMs - connection.sinceMs)),
      ];
    case 'connecting':
      return [fact('server', connection.to === undefined ? '—' : serverText(connection.to), 'dim')];
    case 'lost':
    case 'waiting':
    case 'failed':
      return [fact('server', 'none', 'warning')];
    default:
      return unreachable(connection);
  }
}

/**
 * Acknowledged posts of mine that the timeline has skipped: dualping promises that there are none.
 */
function lostPosts({ outbox, posts }: State): number {
  const newest = posts.at(-1)?.key ?? 0;
  return outbox.filter(({ status }) => status.kind === 'sent' && status.position < newest).length;
}

/** All facts about the session. */
export function allSessionFacts(state: State): readonly Fact[] {
  const { connection, story, settings } = state;
  const because = 'because' in connection ? connection.because : undefined;
  const waiting = state.outbox.filter(({ status }) => status.kind === 'sending').length;
  const unsent = state.outbox.filter(({ status }) => status.kind === 'failed').length;
  return [
    fact('you', `@${lineOf(state.me)}`),
    ...sessionFacts(state),
    ...('target' in connection ? [fact('address', lineOf(connection.target.address))] : []),
    ...(because === undefined
      ? []
      : [fact('because', lineOf(`${because.reason}: ${because.detail}`), 'warning')]),
    ...(connection.kind === 'waiting' ? [fact('attempt', String(connection.attempt))] : []),
    ...state.routers.map((router, index) => fact(index === 0 ? 'routers' : '', lineOf(router))),
    fact('received', `${story.received} ${story.received === 1 ? 'post' : 'posts'}`),
    fact('acknowledged', `${story.acknowledged} of yours`),
    fact('on their way', String(waiting), waiting === 0 ? 'text' : 'warning'),
    fact('not sent', String(unsent), unsent === 0 ? 'text' : 'problem'),
    fact('loaded', `${state.posts.length} posts${state.reachedOldest ? ', all there are' : ''}`),
    fact('theme', settings.theme),
    fact('times', settings.times),
    fact('mouse', settings.mouse ? 'on' : 'off'),
    fact('bell', settings.bell ? 'on' : 'off'),
  ];
}
