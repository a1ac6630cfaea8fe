/**
 * Decides, for a server, when its supervisor counts as gone and another one is started.
 *
 * The counterpart of `supervisor.ts`, but without certain evidence, because the supervisor is not the
 * server's child. When its stream ends the server waits for another one; silence on the stream means that it
 * hangs. A process that holds the supervisor's place (a lock) and does not attach in time is replaced, so
 * that a frozen one can't keep the place. Starting a supervisor is cheap and always harmless: a second one
 * finds the place taken and ends.
 */
import type { Instant } from '../ids.js';
import { unreachable } from '../invariants.js';
import { ListeningClock } from '../listening-clock.js';
import type { Machine } from '../machine.js';
import type { KeepAliveLink, SupervisorWatchInput, SupervisorWatchOutput } from './supervision-messages.js';
import {
  ATTACH_LIMIT_MS,
  hungAfterMs,
  MAX_SUPERVISOR_WAIT_MS,
  RELINK_GRACE_MS,
  type SupervisionTiming,
} from './supervision-timing.js';

type State =
  /** Waits for a supervisor: since when, for how long, and how many were started meanwhile. */
  | {
      readonly kind: 'alone';
      readonly sinceMs: number;
      readonly patienceMs: number;
      readonly started: number;
    }
  | {
      readonly kind: 'watched';
      readonly link: KeepAliveLink;
      readonly keepAliveMs: number;
      heardAtMs: number;
    }
  | { readonly kind: 'stopped' };

export class SupervisorWatch implements Machine<SupervisorWatchInput, SupervisorWatchOutput> {
  #state: State;
  readonly #clock: ListeningClock;
  #outputs: SupervisorWatchOutput[] = [];
  #now: Instant = 0;

  constructor(readonly timing: SupervisionTiming) {
    this.#clock = new ListeningClock(timing.keepAliveMs);
    // A supervisor that has started this server attaches as soon as the server listens.
    this.#state = {
      kind: 'alone',
      sinceMs: 0,
      patienceMs: Math.max(RELINK_GRACE_MS, timing.keepAliveMs),
      started: 0,
    };
  }

  step(now: Instant, input: SupervisorWatchInput): readonly SupervisorWatchOutput[] {
    this.#clock.advance(now);
    this.#now = now;
    this.#outputs = [];
    if (this.#state.kind !== 'stopped') {
      this.#take(input);
      this.#expire();
    }
    return this.#outputs;
  }

  nextDeadline(): Instant | undefined {
    switch (this.#state.kind) {
      case 'alone': {
        const leftMs = this.#state.sinceMs + this.#state.patienceMs - this.#clock.heardMs;
        // The listening clock must be read regularly.
        return this.#now + Math.min(Math.max(0, leftMs), this.timing.keepAliveMs);
      }
      case 'watched':
        return this.#now + this.#state.keepAliveMs;
      case 'stopped':
        return undefined;
      default:
        return unreachable(this.#state);
    }
  }

  #take(input: SupervisorWatchInput): void {
    switch (input.kind) {
      case 'attached':
        if (this.#state.kind === 'watched')
          this.#outputs.push({ kind: 'close-link', link: this.#state.link });
        this.#clock.maxStepMs = input.keepAliveMs;
        this.#state = {
          kind: 'watched',
          link: input.link,
          keepAliveMs: input.keepAliveMs,
          heardAtMs: this.#clock.heardMs,
        };
        return;
      case 'heard':
        if (this.#state.kind === 'watched' && this.#state.link === input.link)
          this.#state.heardAtMs = this.#clock.heardMs;
        return;
      case 'link-ended':
        if (this.#state.kind === 'watched' && this.#state.link === input.link)
          this.#waitFor(RELINK_GRACE_MS, 0);
        return;
      case 'stop':
        this.#state = { kind: 'stopped' };
        return;
      case 'tick':
        return;
      default:
        return unreachable(input);
    }
  }

  #expire(): void {
    const { heardMs } = this.#clock;
    if (this.#state.kind === 'watched') {
      const silentMs = heardMs - this.#state.heardAtMs;
      if (silentMs < hungAfterMs({ keepAliveMs: this.#state.keepAliveMs })) return;
      this.#outputs.push({ kind: 'close-link', link: this.#state.link });
      this.#startSupervisor(true, 0, `the supervisor says nothing for ${Math.round(silentMs)} ms`);
    } else if (this.#state.kind === 'alone' && heardMs - this.#state.sinceMs >= this.#state.patienceMs) {
      const { started } = this.#state;
      this.#startSupervisor(started > 0, started, 'there is no supervisor');
    }
  }

  #startSupervisor(replace: boolean, started: number, why: string): void {
    this.#outputs.push(
      { kind: 'report', event: 'supervisor-lost', text: `${why}; starting another` },
      { kind: 'start-supervisor', replace },
    );
    const patienceMs = Math.max(ATTACH_LIMIT_MS, hungAfterMs(this.timing)) * 2 ** Math.min(started, 16);
    this.#waitFor(Math.min(MAX_SUPERVISOR_WAIT_MS, patienceMs), started + 1);
  }

  #waitFor(patienceMs: number, started: number): void {
    this.#clock.maxStepMs = this.timing.keepAliveMs;
    this.#state = { kind: 'alone', sinceMs: this.#clock.heardMs, patienceMs, started };
  }
}
