/** The client for whoever sits there: the full screen where there is one, lines elsewhere. */
import { DualpingError, type DualpingSession, RouterClient, type SessionState } from '@dualping/client';
import { type EndingSignal, EXIT, exitCodeFor, SIGNAL_EXITS } from '@dualping/host';
import { exhaustMap, filter, finalize, firstValueFrom, skipWhile, take, takeWhile } from 'rxjs';
import type { Io } from './io.js';
import { runLineClient } from './line-client/line-client.js';
import { renderState } from './render.js';

export interface PersonClientOptions {
  readonly session: DualpingSession;
  readonly routers: readonly string[];
  /** What names the network beside its id and its routers: the folder of one that runs here. */
  readonly formerly?: readonly string[];
  readonly io: Io;
  /** Lines also where a full screen would do. */
  readonly lines: boolean;
  /** A signal that ends the line client; the full screen listens for itself. */
  readonly signal: Promise<EndingSignal>;
}

/** Posts of the past to begin with, where nobody said how many: a screen and some to scroll back. */
export const FULL_SCREEN_HISTORY = 100;

export const hasFullScreen = (io: Io, lines: boolean): boolean =>
  io.interactive && !lines && process.env.TERM !== 'dumb';

/** @returns the exit code; the session is closed. */
export async function runPersonClient(options: PersonClientOptions): Promise<number> {
  const { session, routers, formerly = [], io, lines, signal } = options;
  if (hasFullScreen(io, lines)) {
    // Loaded only here: other commands start faster without it.
    const { runClient, NoScreen } = await import('@dualping/terminal');
    const network = { id: networkIdOf(routers, session), formerly };
    const first = await Promise.race([firstWord(session), signal]);
    if (typeof first === 'string') {
      session.close();
      return SIGNAL_EXITS[first];
    }
    if (first.kind === 'failed') return sayFailure(first, io);
    try {
      const exitCode = await runClient({
        session,
        routers,
        network,
        input: io.input,
        output: io.output,
        env: process.env,
      });
      // A session that fails later stays on the screen, with what the person has written.
      const { state } = session;
      return state.kind === 'failed' && exitCode === EXIT.done ? sayFailure(state, io) : exitCode;
    } catch (error) {
      if (!(error instanceof NoScreen)) throw error;
      io.note(`no full screen: ${error.message}`);
    }
  }
  return await runLineClient({ session, user: session.user, io, signal });
}

/**
 * Asked whenever the session has news, until somebody answers. Never settles when the session ends before.
 */
function networkIdOf(routers: readonly string[], session: DualpingSession): Promise<string> {
  const client = new RouterClient({ routers });
  const id = session.state$.pipe(
    takeWhile(({ kind }) => kind !== 'closed' && kind !== 'failed'),
    exhaustMap(async () => {
      try {
        return (await client.status()).networkId;
      } catch {
        return undefined; // the session says why nobody answers, and has news when it tries again
      }
    }),
    filter((answer) => answer !== undefined),
    take(1),
    finalize(() => client.close()),
  );
  return new Promise((resolve) => id.subscribe(resolve));
}

/**
 * The first state that is more than a question: what can't work at all is said on a line, and takes no screen
 * for it.
 */
const firstWord = (session: DualpingSession): Promise<SessionState> =>
  firstValueFrom(session.state$.pipe(skipWhile(isUndecided)));

/**
 * Nobody but what is no router has answered yet. A router that is silent is passed over in time, and then
 * there is a screen.
 */
const isUndecided = (state: SessionState): boolean =>
  state.kind === 'resolving' && (state.because === undefined || state.because.reason === 'not-a-router');

function sayFailure(state: Extract<SessionState, { kind: 'failed' }>, io: Io): number {
  io.note(renderState(state, performance.now()));
  return exitCodeFor(new DualpingError(state.because.reason, state.because.detail));
}
