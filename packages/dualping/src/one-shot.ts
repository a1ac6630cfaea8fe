/** A session for one operation, which always ends within its time limit. */
import { clockDifferenceText, DualpingSession } from '@dualping/client';
import {
  type Address,
  DualpingError,
  type Failure,
  type SessionState,
  serverNameIn,
  unreachable,
} from '@dualping/core';
import type { Io } from './io.js';
import { ownDevice } from './user/device-keys.js';
import { personCredentials } from './user/first-contact.js';

export interface OneShot {
  readonly routers: readonly Address[];
  readonly user: string;
  readonly timeoutMs: number;
  /** Opens a timeline without past posts: pages of the past can be asked for only on a timeline. */
  readonly pages?: boolean;
  readonly certs: string;
  readonly ca: string;
}

/**
 * Throws what `use` throws. When the time is over it throws `may-have-happened` if that is true, else
 * `router-unreachable`, `limit-reached` or `no-available-server` with what the session was waiting for.
 */
export async function withSession<T>(
  { routers, user, timeoutMs, pages = false, ...trust }: OneShot,
  { note }: Pick<Io, 'note'>,
  use: (session: DualpingSession) => Promise<T>,
): Promise<T> {
  const credentials = await personCredentials(trust, routers);
  const session = new DualpingSession({
    routers,
    user,
    timeline: pages && { history: 0 },
    credentials,
    ...ownDevice(credentials, user),
  });
  session.clocks$.subscribe((clocks) => note(clockDifferenceText(clocks)));
  let because: Failure | undefined;
  let awaited: Failure | undefined;
  const subscription = session.state$.subscribe((state) => {
    if ('because' in state && state.because !== undefined) because = state.because;
    if (state.kind === 'live') because = state.heldUp;
  });
  // Closing settles every pending operation, each with what is known about it.
  const timer = setTimeout(() => {
    awaited = because ?? whoIsSilent(session.state);
    session.close();
  }, timeoutMs);
  try {
    return await use(session);
  } catch (error) {
    if (awaited === undefined || !(error instanceof DualpingError) || error.reason === 'may-have-happened')
      throw error;
    throw timedOut(timeoutMs, awaited, error);
  } finally {
    clearTimeout(timer);
    subscription.unsubscribe();
    session.close();
  }
}

/** Which answer the session waits for, when nothing has failed yet. */
function whoIsSilent(state: SessionState): Failure {
  switch (state.kind) {
    case 'resolving':
      return { reason: 'router-unreachable', detail: `router ${state.router} has not answered` };
    case 'connecting':
    case 'live': {
      const { cluster, serverId, address } = state.target;
      const detail = `${serverNameIn(cluster, serverId)} at ${address} has not answered`;
      return { reason: 'server-unreachable', detail };
    }
    case 'waiting':
    case 'failed':
      return state.because;
    case 'closed':
      return { reason: 'shutting-down', detail: 'the session has been closed' };
    default:
      return unreachable(state);
  }
}

function timedOut(timeoutMs: number, because: Failure, cause: DualpingError): DualpingError {
  const isSaid = because.reason === 'router-unreachable' || because.reason === 'limit-reached';
  const reason = isSaid ? because.reason : 'no-available-server';
  const detail = `not done within ${timeoutMs} ms: ${because.detail || because.reason}`;
  return new DualpingError(reason, detail, { cause });
}
