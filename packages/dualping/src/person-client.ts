/** The client for a person: the full screen if the terminal can show it, else the line client. */
import {
  DualpingError,
  DualpingSession,
  type NetworkCredentials,
  RouterClient,
  type SessionState,
} from '@dualping/client';
import { type EndingSignal, EXIT, exitCodeFor, SIGNAL_EXITS } from '@dualping/host';
import { delay, exhaustMap, filter, finalize, merge, skipWhile, take, takeWhile } from 'rxjs';
import type { Io } from './io.js';
import { runLineClient } from './line-client/line-client.js';
import { renderState } from './render.js';
import { ownDevice } from './user/device-keys.js';

export interface PersonClientOptions {
  readonly user: string;
  readonly routers: readonly string[];
  readonly credentials?: NetworkCredentials | undefined;
  /**
   * Other names of the network, in addition to its id and its routers: the folder of one on this machine.
   */
  readonly formerly?: readonly string[];
  /** How many past posts to begin with, and whether the person has asked for so many. */
  readonly limit: number;
  readonly isLimitGiven: boolean;
  readonly io: Io;
  /** Use the line client even if a full screen is possible. */
  readonly lines: boolean;
  /** A signal that ends the line client; the full screen handles signals itself. */
  readonly signal: Promise<EndingSignal>;
  /**
   * When the person may see the client; until then it only connects. Default: at once. When it rejects, the
   * client ends with that error.
   */
  readonly mayShow?: Promise<void>;
}

/** Default number of past posts to begin with: one screen and some to scroll back. */
const FULL_SCREEN_HISTORY = 100;

export const hasFullScreen = (io: Io, lines: boolean): boolean =>
  io.interactive && !lines && process.env.TERM !== 'dumb';

/** @returns the exit code; the session is closed. */
export async function runPersonClient(options: PersonClientOptions): Promise<number> {
  const { user, routers, credentials, formerly = [], limit, isLimitGiven, io, lines, signal } = options;
  const { mayShow = Promise.resolve() } = options;
  const isFull = hasFullScreen(io, lines);
  const session = new DualpingSession({
    routers,
    user,
    timeline: { history: isFull && !isLimitGiven ? FULL_SCREEN_HISTORY : limit },
    mentions: isFull,
    credentials,
    ...ownDevice(credentials, user),
  });
  // Loaded only here: other commands start faster without it.
  const loading = isFull ? import('@dualping/terminal') : undefined;
  let early: EndingSignal | undefined;
  try {
    early = await Promise.race([signal, Promise.all([loading, mayShow]).then(() => undefined)]);
  } catch (error) {
    session.close();
    throw error;
  }
  if (early !== undefined) {
    session.close();
    return SIGNAL_EXITS[early];
  }
  if (loading !== undefined) {
    const { runClient, NoScreen } = await loading;
    const id = networkIdOf(new RouterClient({ routers, credentials }), session);
    const network = { id, certified: credentials?.network, formerly };
    try {
      const exitCode = await runClient({
        session,
        routers,
        network,
        input: io.input,
        output: io.output,
        env: process.env,
        refused: refusalOf(session),
      });
      // A refused login ends the screen. If the session fails later, the screen stays, with the drafts.
      const { state } = session;
      return state.kind === 'failed' && exitCode === EXIT.done ? sayFailure(state, io) : exitCode;
    } catch (error) {
      if (!(error instanceof NoScreen)) throw error;
      io.note(`no full screen: ${error.message}`);
    }
  }
  return await runLineClient({ session, user, io, signal });
}

/**
 * Asks the routers at each state change of the session, until one answers. Never settles when the session
 * ends before.
 */
function networkIdOf(client: RouterClient, session: DualpingSession): Promise<string> {
  const id = session.state$.pipe(
    takeWhile(({ kind }) => kind !== 'closed' && kind !== 'failed'),
    exhaustMap(async () => {
      try {
        return await client.networkId();
      } catch {
        return undefined; // the session reports why no router answers, and changes state when it tries again
      }
    }),
    filter((answer) => answer !== undefined),
    take(1),
    finalize(() => client.close()),
  );
  return new Promise((resolve) => id.subscribe(resolve));
}

/** How long a failure counts as the outcome of the login, ms: a live server answers sooner. */
const LOGIN_PATIENCE_MS = 1_500;

/**
 * Resolves if the first outcome of the session is a failure, such as a refused key: that is for the command
 * line, not for a full screen. Otherwise never.
 */
const refusalOf = (session: DualpingSession): Promise<void> =>
  new Promise((resolve) => {
    merge(
      session.state$.pipe(skipWhile((state) => isUndecided(state) || state.kind === 'connecting')),
      // It still connects after that: then the screen shows how.
      session.state$.pipe(skipWhile(isUndecided), delay(LOGIN_PATIENCE_MS)),
    )
      .pipe(
        take(1),
        filter(({ kind }) => kind === 'failed'),
      )
      .subscribe(() => resolve());
  });

/** Whether only addresses without a router have answered yet. A silent router is given up in time. */
const isUndecided = (state: SessionState): boolean =>
  state.kind === 'resolving' && (state.because === undefined || state.because.reason === 'not-a-router');

function sayFailure(state: Extract<SessionState, { kind: 'failed' }>, io: Io): number {
  io.note(renderState(state, performance.now()));
  return exitCodeFor(new DualpingError(state.because.reason, state.because.detail));
}
