/** Turns the session's states into the connection state that the header shows. */
import type { Failure, Move, SessionState, SessionTarget } from '@dualping/client';
import { just, type Step } from './events.js';
import type { Connection, State } from './state.js';

/** How long the header shows the gap of a move, ms. */
const RESUMED_MS = 3_000;

/** The state while connecting to a server: for the first time, or again. */
function underWay(state: State, to: SessionTarget | undefined, because: Failure | undefined): Connection {
  if (!state.story.everLive) return { kind: 'connecting', to };
  return { kind: 'lost', because, resumeAfter: state.posts.at(-1)?.key ?? 0 };
}

/**
 * The router holds a question for seconds, and between two questions the session waits only a moment. So the
 * header keeps the reason for waiting until the session connects to a server: else it would nearly always say
 * that a server is being looked for.
 */
function resolving(state: State, because: Failure | undefined): Connection {
  const { connection } = state;
  const before = 'because' in connection ? connection.because : undefined;
  if (connection.kind === 'waiting')
    return { ...connection, retryAtMs: undefined, because: because ?? connection.because };
  return underWay(state, undefined, because ?? before);
}

/** If all that is new about a live session is that its writes wait, or no longer do: what to show. */
function heldUpOn(
  connection: Connection,
  { target, heldUp }: Extract<SessionState, { readonly kind: 'live' }>,
): Connection | undefined {
  if (connection.kind !== 'live' && connection.kind !== 'resumed') return undefined;
  const wasHeldUp = connection.kind === 'live' && connection.heldUp !== undefined;
  if (connection.target.epoch !== target.epoch || (!wasHeldUp && heldUp === undefined)) return undefined;
  const { sinceMs } = connection;
  return { kind: 'live', target, sinceMs, ...(heldUp !== undefined && { heldUp }) };
}

export function sessionChanged(state: State, session: SessionState): Step {
  const { connection, clock } = state;
  const to = (next: Connection): State => ({ ...state, connection: next });
  switch (session.kind) {
    case 'resolving':
      return just(to(resolving(state, session.because)));
    case 'connecting': {
      const because = 'because' in connection ? connection.because : undefined;
      return just(to(underWay(state, session.target, because)));
    }
    case 'live': {
      const heldUp = heldUpOn(connection, session);
      if (heldUp !== undefined) return just(to(heldUp));
      const isSame = connection.kind === 'resumed' && connection.target.epoch === session.target.epoch;
      const live = { kind: 'live', target: session.target, sinceMs: clock.monoMs } as const;
      const next = { ...(isSame ? state : to(live)), story: { ...state.story, everLive: true } };
      return just(next, { kind: 'list' });
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

/** Ends notices whose time is over. */
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
