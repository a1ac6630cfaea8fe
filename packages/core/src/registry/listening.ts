/**
 * Knows what the router hears: which members speak, for how long the others are silent, and whether the
 * router itself was away or cut off, so that the silence proves nothing.
 *
 * Silence is counted in listening time, so a stopped router does not count its own pause as its members'
 * silence. A process that is held up runs its timers before it reads what has come. So a late look counts no
 * silence after the instant at which it was meant, and the look that finds a silence too long drops nobody:
 * only a later one does, when everything that came has been read. If the router was stopped so long that
 * members may have given it up, ends of their streams prove nothing, as after a restart.
 */
import type { Instant, ServerId, WallTimeMs } from '../ids.js';
import { MIN_PINGS_BEFORE_DEAD, ROUTER_SILENCE_FACTOR, type Timing } from '../timing.js';
import type { Evidence } from './eligibility.js';
import { HEARD_PINGS, Hearing } from './hearing.js';
import type { RegistryLink } from './registry-messages.js';
import { Silence } from './silence.js';

/** A later look says that the router was held up, ms: timers of an idle machine are up to 2 ms late. */
const LATE_LOOK_MS = 5;
/** From the look that finds a silence too long to the next, ms: the process reads in between. */
const LOOK_AGAIN_MS = 2;
/** After so many late looks in a row it judges all the same: a router that is always late must notice too. */
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
   * gave up meanwhile.
   */
  #awayUntilMs = 0;
  /** An operator was told that no member is heard. */
  #isTroubled = false;
  #lookedAt: Instant | undefined;
  /** Somebody was silent for too long: from then on a tick may judge it. Undefined: nobody was. */
  #lookAgainAt: Instant | undefined;
  #mayJudge = false;
  /** In a row. */
  #lateLooks = 0;
  /** What the wall clock said, and when. */
  #wall: { readonly at: Instant; readonly timeMs: WallTimeMs } | undefined;

  constructor(timing: Timing) {
    this.#timing = timing;
    this.silence = new Silence(timing);
    // One look at the clock may count for two pings, but never for so much that one late look drops a member
    // that was on time.
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
   * Whether whoever has been silent for too long may be dropped for it in this step: not while its words may
   * lie unread.
   */
  get mayJudge(): boolean {
    return this.#mayJudge;
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

  /**
   * Looks at the clock, at the beginning of a step.
   *
   * @param meantAt when it meant to look, at the latest
   * @param isTick a timer led to this look, not a message: what had come before the timer was set has been
   * read
   */
  advance(now: Instant, meantAt: Instant | undefined, isTick: boolean): void {
    const isLate = this.#lookedAt !== undefined && meantAt !== undefined && now > meantAt + LATE_LOOK_MS;
    this.#hearing.advance(now, isLate ? meantAt : now);
    this.#judge(now, isTick);
    if (this.silence.isQuiet(this.heardMs)) this.#hearing.begin();
    // Members count from when they last heard the router, which was before it stopped: hence one
    // `deadAfterMs` less.
    const longestMs = (ROUTER_SILENCE_FACTOR - 1) * this.deadAfterMs;
    if (this.#lookedAt !== undefined && now - this.#lookedAt >= longestMs) this.#wasAway();
    this.#lookedAt = now;
  }

  /** Whether those that are silent for too long may be dropped now; if not, when to look again. */
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
   * While members are attached, look as often as they ping, or the listening clock falls behind. `dueInMs`:
   * what else falls due in listening time.
   */
  nextLook(dueInMs: readonly (number | undefined)[]): Instant | undefined {
    if (this.#lookedAt === undefined) return 0;
    if (this.#lookAgainAt !== undefined) return this.#lookAgainAt;
    const { pingIntervalMs } = this.#timing;
    // Nothing falls due in listening time before a member is heard.
    if (this.isQuiet) return this.#lookedAt + pingIntervalMs;
    const all = [this.silence.nextDeathInMs(this.heardMs), ...dueInMs];
    const due = all.filter((ms) => ms !== undefined);
    return due.length === 0 ? undefined : this.#lookedAt + Math.min(pingIntervalMs, ...due);
  }

  /** A member speaks after none was heard. Returns whether an operator was told of that. */
  endQuiet(): boolean {
    if (this.#isNoticed) this.#wasAway();
    this.#hearing.end();
    const wasTroubled = this.#isTroubled;
    this.#isTroubled = false;
    return wasTroubled;
  }

  /** Whether to tell an operator now that no member is heard. */
  noteTrouble(): boolean {
    if (this.#isTroubled || !this.#isNoticed) return false;
    this.#isTroubled = true;
    return true;
  }

  /**
   * Whether the end of this stream proves nothing, because its member may have given up the router: the
   * stream stood while the router was away; or it was opened meanwhile, and the router hears of it only now,
   * together with its end (`confirmed`: its member has spoken on it).
   */
  wasGivenUp(link: RegistryLink, confirmed: boolean | undefined): boolean {
    if (this.#isNoticed || this.silence.isExcused(link)) return true;
    return this.heardMs < this.#awayUntilMs && confirmed === false;
  }

  /** Whether no member was heard for so long that one would have been dropped. */
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
