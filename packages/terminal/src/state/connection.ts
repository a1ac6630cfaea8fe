/** What the header says of the session, from what the session says of itself. */
import type { Move, SessionState } from '@dualping/client';
import { just, type Step } from './events.js';
import type { Connection, State } from './state.js';

/** How long the header says what a move has cost. */
const RESUMED_MS = 3_000;

/** Whether the session was ever live: what is not there yet is not lost. */
const wasLive = ({ connection, story }: State): boolean =>
  story.moves > 0 ||
  (connection.kind !== 'connecting' && connection.kind !== 'waiting') ||
  story.received > 0;

const lost = (state: State, because: Connection & { kind: 'lost' }): Connection =>
  wasLive(state) ? because : { kind: 'connecting', to: undefined };

export function sessionChanged(state: State, session: SessionState): Step {
  const { connection, clock } = state;
  const to = (next: Connection): State => ({ ...state, connection: next });
  switch (session.kind) {
    case 'resolving': {
      const before =
        connection.kind === 'lost' || connection.kind === 'waiting' ? connection.because : undefined;
      const resumeAfter = state.posts.at(-1)?.key ?? 0;
      return just(to(lost(state, { kind: 'lost', because: session.because ?? before, resumeAfter })));
    }
    case 'connecting':
      return just(connection.kind === 'connecting' ? to({ kind: 'connecting', to: session.target }) : state);
    case 'live': {
      const isSame = connection.kind === 'resumed' && connection.target.epoch === session.target.epoch;
      const live = { kind: 'live', target: session.target, sinceMs: clock.monoMs } as const;
      return just(isSame ? state : to(live), { kind: 'list' });
    }
    case 'waiting': {
      const { retryAt, attempt, because, cluster } = session;
      return just(to({ kind: 'waiting', retryAtMs: retryAt, attempt, because, cluster }));
    }
    case 'failed':
      return just(to({ kind: 'failed', because: session.because }));
    case 'closed':
      return just(state);
  }
}

export function sessionMoved(state: State, { from, to, gapMs }: Move): Step {
  const { clock, story } = state;
  return just({
    ...state,
    connection: {
      kind: 'resumed',
      target: to,
      gapMs,
      sinceMs: clock.monoMs,
      untilMs: clock.monoMs + RESUMED_MS,
    },
    story: {
      ...story,
      moves: story.moves + (from.serverId === to.serverId ? 0 : 1),
      longestGapMs: Math.max(story.longestGapMs, gapMs),
      lastMove: { from, to, gapMs, wallMs: clock.wallMs },
    },
  });
}

/** What was said for a while only is over. */
export function timePassed(state: State): Step {
  const { clock, connection, notice, fresh } = state;
  let next = state;
  if (connection.kind === 'resumed' && clock.monoMs >= connection.untilMs) {
    const { target, sinceMs } = connection;
    next = { ...next, connection: { kind: 'live', target, sinceMs } };
  }
  if (notice !== undefined && clock.monoMs >= notice.untilMs)
    next = { ...next, notice: undefined, quitting: false };
  if ([...fresh.values()].some((untilMs) => clock.monoMs >= untilMs))
    next = { ...next, fresh: new Map([...fresh].filter(([, untilMs]) => clock.monoMs < untilMs)) };
  return just(next);
}
