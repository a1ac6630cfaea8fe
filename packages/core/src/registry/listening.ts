/**
 * Knows what the router hears: which members speak, for how long the others are silent, and whether the
 * router itself was away or cut off, so that the silence proves nothing.
 *
 * Silence is counted in listening time, so a router that was itself stopped does not blame its members. One
 * that was stopped for so long that they may have given it up takes the ends of their streams for that, as
 * after a restart.
 */
import type { Instant, ServerId } from '../ids.js';
import { MIN_PINGS_BEFORE_DEAD, ROUTER_SILENCE_FACTOR, type Timing } from '../timing.js';
import type { Evidence } from './eligibility.js';
import { HEARD_PINGS, Hearing } from './hearing.js';
import type { RegistryLink } from './registry-messages.js';
import { Silence } from './silence.js';

const NO_SERVERS: ReadonlySet<ServerId> = new Set();

export class Listening implements Evidence {
  readonly silence: Silence;
  readonly #hearing: Hearing;
  readonly #timing: Timing;
  /** Whom each member said in its last ping that it can't reach; only those that can't reach somebody. */
  readonly #complaints = new Map<RegistryLink, ReadonlySet<ServerId>>();
  /**
   * The router was away or cut off: until then, in listening time, streams may come that were given up
   * meanwhile.
   */
  #awayUntilMs = 0;
  /** An operator was told that no member is heard. */
  #isTroubled = false;
  #lookedAt: Instant | undefined;

  constructor(timing: Timing) {
    this.#timing = timing;
    this.silence = new Silence(timing);
    // One look may count for two pings, but never for so much that a member which kept its time is
    // dropped for the one look that came late.
    const { pingIntervalMs, deadAfterMs } = timing;
    const spareMs = deadAfterMs - (MIN_PINGS_BEFORE_DEAD - 1) * pingIntervalMs;
    this.#hearing = new Hearing(Math.min(2 * pingIntervalMs, spareMs));
  }

  get heardMs(): number {
    return this.#hearing.heardMs;
  }

  get isQuiet(): boolean {
    return this.#hearing.isQuiet;
  }

  get deadAfterMs(): number {
    return this.silence.deadAfterMs();
  }

  isHeard(link: RegistryLink, sinceMs: number): boolean {
    return !this.isQuiet && this.silence.isHeard(this.heardMs, link, sinceMs);
  }

  cannotReach(link: RegistryLink): ReadonlySet<ServerId> {
    return this.#complaints.get(link) ?? NO_SERVERS;
  }

  forgetComplaint(link: RegistryLink): void {
    this.#complaints.delete(link);
  }

  /** As its last ping said. */
  noteComplaint(link: RegistryLink, cannotReach: readonly ServerId[]): void {
    if (cannotReach.length === 0) this.#complaints.delete(link);
    else this.#complaints.set(link, new Set(cannotReach));
  }

  forget(link: RegistryLink): void {
    this.#complaints.delete(link);
    this.silence.forget(link);
  }

  /** Looks at the clock, at the beginning of a step. */
  advance(now: Instant): void {
    this.#hearing.advance(now);
    if (this.silence.isQuiet(this.heardMs)) this.#hearing.begin();
    // They count from when they last heard the router, which was before it stopped: hence one `deadAfterMs`
    // less.
    const longestMs = (ROUTER_SILENCE_FACTOR - 1) * this.deadAfterMs;
    if (this.#lookedAt !== undefined && now - this.#lookedAt >= longestMs) this.#wasAway();
    this.#lookedAt = now;
  }

  /**
   * While anybody is listened for, look as often as they ping, or the listening clock falls behind.
   * `dueInMs`: what else falls due in listening time.
   */
  nextLook(dueInMs: readonly (number | undefined)[]): Instant | undefined {
    if (this.#lookedAt === undefined) return 0;
    const { pingIntervalMs } = this.#timing;
    // Nothing falls due in listening time before a member is heard.
    if (this.isQuiet) return this.#lookedAt + pingIntervalMs;
    const all = [this.silence.nextDeathInMs(this.heardMs), ...dueInMs];
    const due = all.filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : this.#lookedAt + Math.min(pingIntervalMs, ...due);
  }

  /** A member speaks after a quiet. Returns whether an operator was told of the quiet. */
  endQuiet(): boolean {
    if (this.#isNoticed) this.#wasAway();
    this.#hearing.end();
    const wasTroubled = this.#isTroubled;
    this.#isTroubled = false;
    return wasTroubled;
  }

  /** Whether an operator is to be told now that no member is heard. */
  noteTrouble(): boolean {
    if (this.#isTroubled || !this.#isNoticed) return false;
    this.#isTroubled = true;
    return true;
  }

  /**
   * Whether the end of this stream proves nothing, because its member may have given the router up: a stream
   * that stood while we were away, or one that was opened meanwhile (`confirmed`: its member has spoken on
   * it) and is heard of now together with its end.
   */
  wasGivenUp(link: RegistryLink, confirmed: boolean | undefined): boolean {
    if (this.#isNoticed || this.silence.isExcused(link)) return true;
    return this.heardMs < this.#awayUntilMs && confirmed === false;
  }

  /** No member is heard, for so long that it would have dropped one. */
  get #isNoticed(): boolean {
    const silentMs = this.#hearing.lastedMs + HEARD_PINGS * this.silence.pingIntervalMs; // with which the quiet began
    return this.isQuiet && silentMs >= this.deadAfterMs;
  }

  /**
   * Members may have given the router up: silence starts anew, and the ends of streams that stood before
   * prove nothing.
   */
  #wasAway(): void {
    this.silence.startAnew(this.heardMs);
    this.#awayUntilMs = this.heardMs + this.deadAfterMs;
  }
}
