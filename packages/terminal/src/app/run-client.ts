/** The full-screen client: the session, the screen and the files around one state. */

import type { ReadStream, WriteStream } from 'node:tty';
import type { DualpingSession } from '@dualping/client';
import { interval, merge, type Observable, Subscription } from 'rxjs';
import { map } from 'rxjs/operators';
import { ClientFile } from '../files/client-file.js';
import { watchOver } from '../screen/lifecycle.js';
import { openScreen, type Screen } from '../screen/screen.js';
import { themeFrom } from '../screen/theme.js';
import type { Effect, Event } from '../state/events.js';
import { initialState } from '../state/initial.js';
import type { Clock } from '../state/state.js';
import { unreachable } from '../unreachable.js';
import { view } from '../view/view.js';
import { divertDiagnostics } from './diagnostics.js';
import { framesOf } from './frames.js';
import { keptOf } from './kept.js';
import { Network } from './network.js';
import { Store } from './store.js';

export interface ClientOptions {
  /** Closed when the client ends. */
  readonly session: DualpingSession;
  readonly routers: readonly string[];
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Ages, countdowns and what is said for a moment go by this. */
const CLOCK_MS = 500;
/** A draft is on the disk this soon after the last key: a crash costs a word at most. */
const SAVE_AFTER_MS = 300;

const clock = (): Clock => ({
  monoMs: performance.now(),
  wallMs: Date.now(),
  utcOffsetMinutes: -new Date().getTimezoneOffset(),
});
