/** The options of a client session, and their checks. */
import type { Address, SessionId, UserName } from '../ids.js';
import { MAX_PAGE_POSTS } from '../limits.js';
import { DualpingError } from '../reasons.js';
import { quote, userNameProblem } from '../text.js';
import { MAX_GIVEN_SESSION_ID_LENGTH, MAX_ROUTERS } from './session-limits.js';
import type { TimelineStart } from './timeline-cursor.js';

export interface ClientSessionOptions {
  /** Routers of one network, 1 to MAX_ROUTERS: asked in parallel while none has answered. */
  readonly routers: readonly Address[];
  readonly user: UserName;
  /** 1 to MAX_GIVEN_SESSION_ID_LENGTH characters, hard to guess, used by this session only. */
  readonly sessionId: SessionId;
  readonly timeline: TimelineStart;
  /** From 0 (inclusive) to 1 (exclusive): the session's only randomness, for jitter. */
  readonly chance: () => number;
}

/** @throws DualpingError `invalid-user-name`, `invalid-argument` */
export function checkOptions(options: ClientSessionOptions): void {
  const nameProblem = userNameProblem(options.user);
  if (nameProblem !== undefined) throw new DualpingError('invalid-user-name', nameProblem);
  const problem =
    routersProblem(options.routers) ?? idProblem(options.sessionId) ?? startProblem(options.timeline);
  if (problem !== undefined) throw new DualpingError('invalid-argument', problem);
}

function routersProblem(routers: readonly Address[]): string | undefined {
  if (routers.length >= 1 && routers.length <= MAX_ROUTERS) return undefined;
  return `${routers.length} router addresses were given: 1 to ${MAX_ROUTERS} are needed`;
}

function idProblem(sessionId: SessionId): string | undefined {
  if (sessionId.length >= 1 && sessionId.length <= MAX_GIVEN_SESSION_ID_LENGTH) return undefined;
  return `session id ${quote(sessionId)} has ${sessionId.length} characters, 1 to ${MAX_GIVEN_SESSION_ID_LENGTH} are allowed`;
}

function startProblem(start: TimelineStart): string | undefined {
  if (start.kind === 'history' && !isWithin(start.posts, 0, MAX_PAGE_POSTS))
    return `history is "${start.posts}": 0 to ${MAX_PAGE_POSTS} posts can be asked for`;
  // 0 would ask a server for past posts instead.
  if (start.kind === 'after' && start.position < 1)
    return `a timeline goes on after the position of a post, from 1: "${start.position}" was given`;
  return undefined;
}

const isWithin = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
