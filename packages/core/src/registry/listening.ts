/**
 * Knows what the router hears: which members send messages, for how long the others are silent, and whether
 * the router itself was away or cut off, so that silence proves nothing.
 *
 * Silence is counted in listening time, so a stopped router does not count its own pause as its members'
 * silence. A delayed process runs its timers before it reads what has arrived. So a late timer counts no
 * silence after the instant for which it was set. The timer that finds a silence too long drops no member:
 * only a later one does, when everything that arrived has been read. If the router was stopped so long that
 * members may have given it up, the ends of their streams prove nothing, as after a restart.
 */
import type { Instant, ServerId, WallTimeMs } from '../ids.js';
import { MIN_PINGS_BEFORE_DEAD, ROUTER_SILENCE_FACTOR, type Timing } from '../timing.js';
import type { Evidence } from './eligibility.js';
import { HEARD_PINGS, Hearing } from './hearing.js';
import type { RegistryLink } from './registry-messages.js';
import { Silence } from './silence.js';

/**
 * A timer that is later than this shows that the router was delayed, ms: timers of an idle machine are up to
 * 2 ms late.
 */
const LATE_LOOK_MS = 5;
/**
 * Time between the timer that finds a silence too long and the next one, ms: the process reads in between.
 */
const LOOK_AGAIN_MS = 2;
/**
 * After this many late timers in a row the router judges all the same: even a router that is always late must
 * notice silence.
 */
const MAX_LATE_LOOKS = 5;

const NO_SERVERS: ReadonlySet<ServerId> = new Set();

export class Listening implements Evidence {
  readonly silence: Silence;
  readonly #hearing: Hearing;
  readonly #timing: Timing;
  /** Which members each member can't reach, by its last ping; only members that can't reach one. */
  readonly #complaints = new Map<RegistryLink, ReadonlySet<ServerId>>();
  /**
   * After the router was away or cut off: until this listening time streams may arrive that their members
   * have already given up.
   */
  #awayUntilMs = 0;
  /** It was reported that no member is heard. */
  #isTroubled = false;
  #lookedAt: Instant | undefined;
  /** A member was silent for too long: from then on a tick may drop it. Undefined: none was. */
  #lookAgainAt: Instant | undefined;
  #mayJudge = false;
  /** In a row. */
  #lateLooks = 0;
  /** What the wall clock said, and when. */
  #wall: { readonly at: Instant; readonly timeMs: WallTimeMs } | undefined;

  constructor(timing: Timing) {
    this.#timing = timing;
    this.silence = new Silence(timing);
    // One reading of the clock may count for two pings, but never for so much that one late reading drops a
    // member that was on time.
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

  get wallTimeMs(): WallTimeMs {
    if (this.#wall === undefined) return 0;
    return Math.round(this.#wall.timeMs + (this.#lookedAt ?? this.#wall.at) - this.#wall.at);
  }

  noteWallTime(at: Instant, timeMs: WallTimeMs): void {
    this.#wall = { at, timeMs };
  }

  /**
   * Whether members that were silent for too long may be dropped in this step: not while messages from them
   * may be unread.
   */
  get mayJudge(): boolean {
    return this.#mayJudge;
  }

  isHeard(link: RegistryLink, sinceMs: number): boolean {
    // While no member was heard this one was silent, too, though that drops nobody.
    const since = Math.max(sinceMs, this.#hearing.heardAgainMs);
    return !this.isQuiet && this.silence.isHeard(this.heardMs, link, since);
  }

  cannotReach(link: RegistryLink): ReadonlySet<ServerId> {
    return this.#complaints.get(link) ?? NO_SERVERS;
  }

  forgetComplaint(link: RegistryLink): void {
    this.#complaints.delete(link);
  }

  /** By its last ping. */
  noteComplaint(link: RegistryLink, cannotReach: readonly ServerId[]): void {
    if (cannotReach.length === 0) this.#complaints.delete(link);
    else this.#complaints.set(link, new Set(cannotReach));
  }

  forget(link: RegistryLink): void {
    this.#complaints.delete(link);
    this.silence.forget(link);
  }

  /**
   * Reads the clock, at the beginning of a step.
   *
   * @param meantAt the instant for which the timer was set
   * @param isTick a timer caused this step, not a message: what arrived before the timer was set has been
   * read
   */
  advance(now: Instant, meantAt: Instant | undefined, isTick: boolean): void {
    const isLate = this.#lookedAt !== undefined && meantAt !== undefined && now > meantAt + LATE_LOOK_MS;
    this.#hearing.advance(now, isLate ? meantAt : now);
    this.#judge(now, isTick);
    if (this.silence.isQuiet(this.heardMs)) this.#hearing.begin();
    // Members count from when they last heard the router, which was before it stopped: therefore one
    // `deadAfterMs` less.
    const longestMs = (ROUTER_SILENCE_FACTOR - 1) * this.deadAfterMs;
    if (this.#lookedAt !== undefined && now - this.#lookedAt >= longestMs) this.#wasAway();
    this.#lookedAt = now;
  }

  /** Decides whether members that are silent for too long may be dropped now; if not, when to look again. */
  #judge(now: Instant, isTick: boolean): void {
    const again = this.#lookAgainAt;
    this.#mayJudge = false;
    if (this.silence.dead(this.heardMs).length === 0) {
      this.#lookAgainAt = undefined;
      this.#lateLooks = 0;
    } else if (again === undefined) this.#lookAgainAt = now + LOOK_AGAIN_MS;
    else if (isTick && now >= again) {
      this.#lateLooks = now > again + LATE_LOOK_MS ? this.#lateLooks + 1 : 0;
      this.#mayJudge = this.#lateLooks === 0 || this.#lateLooks > MAX_LATE_LOOKS;
      this.#lookAgainAt = this.#mayJudge ? undefined : now + LOOK_AGAIN_MS;
    }
  }

  /**
   * While members are attached, reads the clock as often as they ping, or the listening clock falls behind.
   * `dueInMs`: what else is due in listening time.
   */
  nextLook(dueInMs: readonly (number | undefined)[]): Instant | undefined {
    if (this.#lookedAt === undefined) return 0;
    if (this.#lookAgainAt !== undefined) return this.#lookAgainAt;
    const { pingIntervalMs } = this.#timing;
    // Nothing is due in listening time before a member is heard.
    if (this.isQuiet) return this.#lookedAt + pingIntervalMs;
    const all = [this.silence.nextDeathInMs(this.heardMs), ...dueInMs];
    const due = all.filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : this.#lookedAt + Math.min(pingIntervalMs, ...due);
  }

  /** A member is heard again. Returns whether the quiet was reported to the operator. */
  endQuiet(): boolean {
    if (this.#isNoticed) this.#wasAway();
    this.#hearing.end();
    const wasTroubled = this.#isTroubled;
    this.#isTroubled = false;
    return wasTroubled;
  }

  /** Whether to report to the operator now that no member is heard. */
  noteTrouble(): boolean {
    if (this.#isTroubled || !this.#isNoticed) return false;
    this.#isTroubled = true;
    return true;
  }

  /**
   * Whether the end of this stream proves nothing, because its member may have given up the router: the
   * stream was open while the router was away; or it was opened then, and the router learns of it only now,
   * together with its end (`confirmed`: its member has sent a message on it).
   */
  wasGivenUp(link: RegistryLink, confirmed: boolean | undefined): boolean {
    if (this.#isNoticed || this.silence.isExcused(link)) return true;
    return this.heardMs < this.#awayUntilMs && confirmed === false;
  }

  /** Whether no member was heard for so long that a member would have been dropped. */
  get #isNoticed(): boolean {
    const silentMs = this.#hearing.lastedMs + HEARD_PINGS * this.silence.pingIntervalMs; // with which the quiet began
    return this.isQuiet && silentMs >= this.deadAfterMs;
  }

  /**
   * Members may have given the router up: silence starts from zero, and the ends of streams from before prove
   * nothing.
   */
  #wasAway(): void {
    this.silence.startAnew(this.heardMs);
    this.#awayUntilMs = this.heardMs + this.deadAfterMs;
  }
}
