/** The client for whoever sits there: the full screen where there is one, lines elsewhere. */
import type { DualpingSession } from '@dualping/client';
import type { EndingSignal } from './exit-codes.js';
import type { Io } from './io.js';
import { runLineClient } from './line-client/line-client.js';

export interface PersonClientOptions {
  readonly session: DualpingSession;
  readonly routers: readonly string[];
  /** Whatever names the network, for what is remembered of it. */
  readonly network: string;
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
  const { session, routers, network, io, lines, signal } = options;
  if (hasFullScreen(io, lines)) {
    // Loaded only here: other commands start faster without it.
    const { runClient, NoScreen } = await import('@dualping/terminal');
    try {
      return await runClient({
        session,
        routers,
        network,
        input: io.input,
        output: io.output,
        env: process.env,
      });
    } catch (error) {
      if (!(error instanceof NoScreen)) throw error;
      io.note(`no full screen: ${error.message}`);
    }
  }
  return await runLineClient({ session, user: session.user, io, signal });
}
