/** Runs a service until a signal, its own end, or the parent's end. */
import type { Address } from '@dualping/core';
import { DRAIN_LIMIT_MS, EXIT, exitCodeFor, SIGNAL_EXITS, Signals, withinLimit } from '@dualping/host';
import type { Io } from './io.js';
import { endWithParent, tellParent } from './parent-link.js';

export interface Running {
  readonly address: Address;
  /** Drains and ends. */
  stop(): Promise<void>;
  /** Settles when it has ended, by `stop` or by itself; rejects with the reason of a failure. */
  readonly finished: Promise<void>;
}

export async function serveUntilSignal(part: string, io: Io, start: () => Promise<Running>): Promise<number> {
  endWithParent();
  const signals = new Signals();
  const starting = start();
  const early = await Promise.race([starting.then(() => undefined), signals.first]);
  if (early !== undefined) {
    starting.catch(() => {}); // it is abandoned: nothing was acknowledged yet, as after a kill
    io.report({ part, event: 'stopping', text: `on ${early}, before it had started` });
    return SIGNAL_EXITS[early];
  }
  const running = await starting;
  io.report({ part, event: 'listening', text: `at ${running.address}, pid ${process.pid}` });
  tellParent(running.address);
  setImmediate(findLines);
  const ended = running.finished.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const first = await Promise.race([signals.first, ended]);
  if (typeof first !== 'string') {
    if (first === undefined) return EXIT.done;
    const detail = first.error instanceof Error ? first.error.message : String(first.error);
    io.report({ part, event: 'failed', text: detail });
    return exitCodeFor(first.error);
  }
  io.report({ part, event: 'stopping', text: `on ${first}` });
  if (!(await withinLimit(running.stop(), DRAIN_LIMIT_MS)))
    io.report({ part, event: 'gave-up', text: `could not end in order within ${DRAIN_LIMIT_MS} ms` });
  return SIGNAL_EXITS[first];
}

/**
 * V8 looks for the lines of a file when it first makes a stack trace, which takes 2 ms for a bundle. grpc-js
 * asks for one when a stream breaks: so without this, in the middle of a takeover.
 */
const findLines = (): unknown => new Error('for its stack trace').stack;
