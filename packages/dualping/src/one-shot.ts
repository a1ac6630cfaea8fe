/** A session for one thing to be done, with an end in time whatever happens. */
import { DualpingSession } from '@dualping/client';
import { type Address, DualpingError, type Failure } from '@dualping/core';

export interface OneShot {
  readonly routers: readonly Address[];
  readonly user: string;
  readonly timeoutMs: number;
  /** With a timeline that begins empty: only then can pages of it be asked for. */
  readonly pages?: boolean;
}

/**
 * Throws what `use` throws; when the time is over, `may-have-happened` if that is so, else
 * `router-unreachable` or `no-available-server` with what the session was waiting for.
 */
export async function withSession<T>(
  { routers, user, timeoutMs, pages = false }: OneShot,
  use: (session: DualpingSession) => Promise<T>,
): Promise<T> {
  const session = new DualpingSession({ routers, user, timeline: pages && { history: 0 } });
  let because: Failure | undefined;
  let late = false;
  const subscription = session.state$.subscribe((state) => {
    if ('because' in state && state.because !== undefined) because = state.because;
  });
  // Closing settles everything that is pending, each with what is known of it.
  const timer = setTimeout(() => {
    late = true;
    session.close();
  }, timeoutMs);
  try {
    return await use(session);
  } catch (error) {
    if (!late || !(error instanceof DualpingError) || error.reason === 'may-have-happened') throw error;
    throw timedOut(timeoutMs, because, error);
  } finally {
    clearTimeout(timer);
    subscription.unsubscribe();
    session.close();
  }
}

function timedOut(timeoutMs: number, because: Failure | undefined, cause: DualpingError): DualpingError {
  const reason = because?.reason === 'router-unreachable' ? 'router-unreachable' : 'no-available-server';
  const detail = because === undefined ? '' : `: ${because.detail || because.reason}`;
  return new DualpingError(reason, `not done within ${timeoutMs} ms${detail}`, { cause });
}
