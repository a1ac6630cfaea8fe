/**
 * Decides when a process counts as hung or gone, what to report to the router, and when to start it again.
 *
 *                      listening              greeted
 *        start ► starting ──────► listening ─────────► listening (well)
 *          ▲        │ too long       │ silence  │ told to end
 *          │        ▼                ▼          ▼
 *        down ◄── exited ◄──────── ending ◄─────┘            refused for good, or told: finished
 *
 * Two kinds of evidence. The end of the process is certain and noticed at once. Silence on the keep-alive
 * link (`keep-alive.ts`) is a guess. `restart-policy.ts` decides when to start a process again.
 *
 * A start that can't work is not tried for ever. A server that the router refuses with `give-up` is not
 * started again: each start would raise its incarnation, until an older copy of its data could be taken for
 * the present one.
 */
import type { Incarnation, Instant } from '../ids.js';
import { invariant, unreachable } from '../invariants.js';
import { ListeningClock } from '../listening-clock.js';
import type { Machine } from '../machine.js';
import { CrashReports } from './crash-reports.js';
import { KeepAlive } from './keep-alive.js';
import { RestartPolicy } from './restart-policy.js';
import type {
  ExitKind,
  Farewell,
  KeepAliveLink,
  Outcome,
  SupervisorInput,
  SupervisorOutput,
} from './supervision-messages.js';
import { END_LIMIT_MS, hungAfterMs, START_LIMIT_MS, type SupervisionTiming } from './supervision-timing.js';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting'; readonly sinceHeardMs: number }
  | { readonly kind: 'listening'; readonly since: Instant }
  /** `killAt` undefined: it was killed, and its end is awaited. */
  | {
      readonly kind: 'ending';
      readonly why: 'hung' | 'stop';
      killAt: Instant | undefined;
      wellSince: Instant | undefined;
    }
  | { readonly kind: 'down'; readonly startAt: Instant }
  | { readonly kind: 'finished' };

export class Supervisor implements Machine<SupervisorInput, SupervisorOutput> {
  #state: State = { kind: 'idle' };
  readonly #clock: ListeningClock;
  #outputs: SupervisorOutput[] = [];
  #now: Instant = 0;
  /** The incarnation of the present process, or of the last one. */
  #incarnation: Incarnation | undefined;
  #farewell: Farewell | undefined;
  readonly #crashes = new CrashReports();
  readonly #keepAlive: KeepAlive;
  readonly #restarts = new RestartPolicy();

  constructor(
    /** For people: `s1`. */
    readonly name: string,
    readonly timing: SupervisionTiming,
  ) {
    this.#clock = new ListeningClock(timing.keepAliveMs);
    this.#keepAlive = new KeepAlive(timing);
  }

  step(now: Instant, input: SupervisorInput): readonly SupervisorOutput[] {
    this.#clock.advance(now);
    this.#now = now;
    this.#outputs = [];
    if (this.#state.kind !== 'finished') {
      this.#take(input);
      this.#expire();
    }
    return this.#outputs;
  }

  nextDeadline(): Instant | undefined {
    const own = this.#ownDeadline();
    const report = this.#crashes.nextDeadline;
    if (this.#state.kind === 'finished') return undefined;
    return own === undefined ? report : Math.min(own, report ?? own);
  }

  #ownDeadline(): Instant | undefined {
    switch (this.#state.kind) {
      case 'idle':
      case 'finished':
        return undefined;
      case 'starting':
      case 'listening':
        return this.#keepAlive.nextDeadline(this.#now);
      case 'ending':
        return this.#state.killAt;
      case 'down':
        return this.#state.startAt;
      default:
        return unreachable(this.#state);
    }
  }

  #take(input: SupervisorInput): void {
    switch (input.kind) {
      case 'begin':
        invariant(this.#state.kind === 'idle', 'supervisor-begins-once', { state: this.#state.kind });
        if (input.running) this.#state = { kind: 'starting', sinceHeardMs: this.#clock.heardMs };
        else this.#start();
        return;
      case 'listening':
        if (this.#state.kind !== 'starting') return;
        this.#incarnation = input.incarnation;
        this.#state = { kind: 'listening', since: this.#now };
        this.#keepAlive.begin(this.#now, this.#clock.heardMs);
        return;
      case 'greeted':
        return this.#greeted(input.link);
      case 'heard':
        return this.#keepAlive.heard(input.link, this.#clock.heardMs);
      case 'farewell':
        if (this.#keepAlive.hears(input.link)) this.#farewell = input.farewell;
        return this.#keepAlive.heard(input.link, this.#clock.heardMs);
      case 'link-ended':
        return this.#keepAlive.linkEnded(this.#now, input.link);
      case 'exited':
        return this.#exited(input.exit, input.detail);
      case 'crash-noted':
        return this.#crashes.settle();
      case 'crash-failed':
        return this.#crashes.failed(this.#now);
      case 'stop':
        return this.#stop();
      case 'tick':
        return;
      default:
        return unreachable(input);
    }
  }

  #greeted(link: KeepAliveLink): void {
    if (!this.#keepAlive.greeted(link, this.#clock.heardMs)) return;
    this.#restarts.wasWell();
    this.#crashes.settle(); // the new life attaches to the router itself
  }

  #start(): void {
    this.#farewell = undefined;
    this.#incarnation = undefined;
    this.#emit({ kind: 'start' });
    this.#state = { kind: 'starting', sinceHeardMs: this.#clock.heardMs };
  }

  #stop(): void {
    switch (this.#state.kind) {
      case 'idle':
      case 'down':
        return this.#finish({ kind: 'told', detail: `${this.name} is not running` });
      case 'starting':
      case 'listening':
        this.#emit({ kind: 'terminate' });
        return this.#awaitEnd('stop', this.#now + END_LIMIT_MS);
      case 'ending':
        // It hung, and is already being ended; but now it must not be started again.
        this.#state = { ...this.#state, why: 'stop' };
        return;
      case 'finished':
        return;
      default:
        return unreachable(this.#state);
    }
  }

  #awaitEnd(why: 'hung' | 'stop', killAt: Instant | undefined): void {
    const wellSince = this.#state.kind === 'listening' ? this.#state.since : undefined;
    const link = this.#keepAlive.end();
    if (link !== undefined && why === 'hung') this.#emit({ kind: 'close-link', link });
    this.#state = { kind: 'ending', why, killAt, wellSince };
  }

  // Time

  #expire(): void {
    switch (this.#state.kind) {
      case 'starting': {
        const takenMs = this.#clock.heardMs - this.#state.sinceHeardMs;
        if (takenMs >= START_LIMIT_MS)
          this.#hung(`does not listen ${Math.round(takenMs)} ms after its start`);
        break;
      }
      case 'listening': {
        const silentMs = this.#keepAlive.silentMs(this.#clock.heardMs);
        if (silentMs >= hungAfterMs(this.timing)) this.#hung(`says nothing for ${Math.round(silentMs)} ms`);
        else this.#emitDue();
        break;
      }
      case 'ending':
        if (this.#state.killAt === undefined || this.#now < this.#state.killAt) break;
        this.#state.killAt = undefined;
        this.#say('gave-up', `${this.name} did not end in order within ${END_LIMIT_MS} ms and is killed`);
        this.#emit({ kind: 'kill' });
        break;
      case 'down':
        if (this.#now >= this.#state.startAt) this.#start();
        break;
      case 'idle':
      case 'finished':
        break;
      default:
        unreachable(this.#state);
    }
    this.#reportCrash();
  }

  #emitDue(): void {
    const due = this.#keepAlive.takeDue(this.#now);
    if (due !== undefined) this.#emit(due);
  }

  #hung(how: string): void {
    this.#say('hung', `${this.name} ${how} and is killed`);
    this.#noteCrash(`it hangs: ${how}`);
    this.#awaitEnd('hung', undefined);
    this.#emit({ kind: 'kill' });
  }

  // Ends

  #exited(exit: ExitKind | undefined, detail: string): void {
    const { kind } = this.#state;
    if (kind !== 'starting' && kind !== 'listening' && kind !== 'ending') return;
    const stopping = this.#state.kind === 'ending' && this.#state.why === 'stop';
    if (stopping) return this.#finish({ kind: 'told', detail });
    const how = this.#judge(exit);
    const wellForMs = this.#wellForMs();
    this.#keepAlive.end();
    // The router knows which servers it refused; and the incarnation of a stale copy may belong to another
    // process.
    if (how === 'died') this.#noteCrash(detail);
    switch (how) {
      case 'told':
        return this.#finish({ kind: 'told', detail: this.#farewell?.detail ?? detail });
      case 'refused':
        return this.#giveUp('refused', this.#farewell?.detail ?? detail);
      case 'misused': {
        const waitMs = this.#restarts.misused(wellForMs);
        return waitMs === undefined ? this.#giveUp('misused', detail) : this.#startLater(waitMs, detail);
      }
      case 'died':
        return this.#startLater(this.#restarts.died(wellForMs), detail);
      default:
        return unreachable(how);
    }
  }

  /**
   * The reason in the process's `ending` says more than an exit code, which only a parent sees. For a process
   * that hung neither counts.
   */
  #judge(exit: ExitKind | undefined): ExitKind {
    if (this.#state.kind === 'ending') return 'died';
    if (exit === 'misused' || exit === 'refused') return exit;
    return this.#farewell?.kind ?? exit ?? 'died';
  }

  /** How long it listened before its end; undefined: it never did. */
  #wellForMs(): number | undefined {
    const state = this.#state;
    const since =
      state.kind === 'listening' ? state.since : state.kind === 'ending' ? state.wellSince : undefined;
    return since === undefined ? undefined : this.#now - since;
  }

  #startLater(waitMs: number, detail: string): void {
    this.#say('died', `${this.name} ${detail}; starting again in ${waitMs} ms`);
    this.#state = { kind: 'down', startAt: this.#now + waitMs };
  }

  #giveUp(because: 'refused' | 'misused', detail: string): void {
    const what = because === 'refused' ? 'is refused for good' : "can't be started as it is";
    this.#say('given-up', `${this.name} ${what}, and is not started again: ${detail}`);
    this.#finish({ kind: 'given-up', because, detail });
  }

  #finish(outcome: Outcome): void {
    this.#reportCrash();
    this.#state = { kind: 'finished' };
    this.#emit({ kind: 'finished', outcome });
  }

  #noteCrash(detail: string): void {
    this.#crashes.add(this.#now, this.#incarnation, detail);
  }

  #reportCrash(): void {
    const due = this.#crashes.takeDue(this.#now);
    if (due !== undefined)
      this.#emit({ kind: 'report-crash', incarnation: due.incarnation, detail: due.detail });
  }

  #say(event: string, text: string): void {
    this.#emit({ kind: 'report', event, text });
  }

  #emit(output: SupervisorOutput): void {
    this.#outputs.push(output);
  }
}
