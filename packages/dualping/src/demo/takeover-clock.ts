/**
 * Measures takeovers: from a fault until all people are served again.
 *
 * Its inputs are what the demo sees, with instants: the fault, updates of the router's watch, people whose
 * sessions become live, acknowledged posts. The four parts follow one another and add up to the whole:
 *
 *   fault ── detect ── dropped ── promote ── new primary ── reconnect ── last person live ── first post ── acknowledged
 *
 * A client may learn of a promotion before the watch does; the earlier of the two counts. Often posts are
 * acknowledged while the last people are still reconnecting; then the fourth part is zero.
 */
import type { Assignment, Instant } from '@dualping/core';
import type { Takeover } from '@dualping/terminal';
import type { Fault } from './faults.js';

/** The instants of a takeover, on the clock of this process. */
export interface Marks {
  /** The fault; without one, the router's announcement. */
  readonly begin: Instant;
  readonly dropped: Instant;
  readonly promoted: Instant;
  /** When each person was live again, in the order of their numbers. */
  readonly live: readonly Instant[];
  readonly firstPost: Instant;
  readonly end: Instant;
}

export interface Measured {
  readonly takeover: Takeover;
  readonly marks: Marks;
}

interface Running {
  readonly fault: Fault | 'unknown';
  readonly begin: Instant;
  readonly from: number;
  /** The epoch that ended. */
  readonly epoch: number;
  dropped: Instant | undefined;
  promoted: Instant | undefined;
  to: number | undefined;
  newEpoch: number;
}

interface LivePerson {
  readonly epoch: number;
  readonly at: Instant;
}

export class TakeoverClock {
  readonly #people: number;
  readonly #wallMs: (at: Instant) => number;
  readonly #live = new Map<number, LivePerson>();
  /** The first acknowledgement in the latest epoch that has one. */
  #firstPost: { readonly epoch: number; readonly at: Instant } | undefined;
  #assignment: Assignment | undefined;
  #running: Running | undefined;
  #longestGapMs = 0;
  #count = 0;

  /** @param wallMs converts an instant to wall clock time */
  constructor(people: number, wallMs: (at: Instant) => number) {
    this.#people = people;
    this.#wallMs = wallMs;
  }

  /** Call it just before a fault at the primary. */
  fault(at: Instant, fault: Fault): void {
    const { primary, epoch } = this.#assignment ?? {};
    if (primary === undefined || epoch === undefined) return;
    this.#begin({ fault, begin: at, from: primary.serverId, epoch });
  }

  /** The fault caused no takeover. */
  forget(): void {
    this.#running = undefined;
  }

  assignment(at: Instant, assignment: Assignment): Measured | undefined {
    const before = this.#assignment;
    this.#assignment = assignment;
    if (before?.primary === undefined) return undefined;
    const lost = this.#running?.from ?? before.primary.serverId;
    const dropped = !assignment.members.some((member) => member.serverId === lost && member.live);
    const newer = assignment.epoch > (this.#running?.newEpoch ?? before.epoch);
    if (this.#running === undefined) {
      if (!newer && !(dropped && before.available && !assignment.available)) return undefined;
      this.#begin({ fault: 'unknown', begin: at, from: before.primary.serverId, epoch: before.epoch });
    }
    const running = this.#running;
    if (running === undefined) return undefined;
    if (dropped || newer) running.dropped ??= at;
    if (newer && assignment.primary !== undefined) {
      running.to = assignment.primary.serverId;
      running.newEpoch = assignment.epoch;
      running.promoted = at;
    }
    return this.#finish();
  }

  live(at: Instant, person: number, epoch: number): Measured | undefined {
    if (this.#live.get(person)?.epoch !== epoch) this.#live.set(person, { epoch, at });
    return this.#finish();
  }

  moved(gapMs: number): void {
    this.#longestGapMs = Math.max(this.#longestGapMs, gapMs);
  }

  acknowledged(at: Instant, epoch: number): Measured | undefined {
    if (epoch > (this.#firstPost?.epoch ?? 0)) this.#firstPost = { epoch, at };
    return this.#finish();
  }

  #begin(what: Pick<Running, 'fault' | 'begin' | 'from' | 'epoch'>): void {
    this.#longestGapMs = 0;
    this.#running = {
      ...what,
      newEpoch: what.epoch,
      dropped: undefined,
      promoted: undefined,
      to: undefined,
    };
  }

  #finish(): Measured | undefined {
    const running = this.#running;
    if (running?.dropped === undefined || running.promoted === undefined || running.to === undefined)
      return undefined;
    const there = [...this.#live].filter(([, { epoch }]) => epoch >= running.newEpoch);
    const first = this.#firstPost;
    if (there.length < this.#people || first === undefined || first.epoch < running.newEpoch)
      return undefined;
    this.#running = undefined;
    const live = there.sort(([a], [b]) => a - b).map(([, { at }]) => at);
    return this.#measure(running, running.to, marksOf(running, live, first.at));
  }

  #measure({ fault, begin, from, newEpoch }: Running, to: number, marks: Marks): Measured {
    this.#count += 1;
    const lastLive = Math.max(...marks.live, marks.promoted);
    // A handover is requested from the primary itself, so there is nothing to detect.
    const isFound = fault !== 'handover' && fault !== 'unknown';
    const detected = isFound ? marks.dropped : begin;
    const takeover: Takeover = {
      number: this.#count,
      cluster: 1,
      atMs: this.#wallMs(begin),
      fault,
      from,
      to,
      epoch: newEpoch,
      parts: {
        detectMs: isFound ? tenths(marks.dropped - begin) : undefined,
        promoteMs: tenths(marks.promoted - detected),
        reconnectMs: tenths(lastLive - marks.promoted),
        firstPostMs: tenths(marks.end - lastLive),
      },
      totalMs: tenths(marks.end - begin),
      clients: {
        reconnected: marks.live.length,
        all: this.#people,
        longestGapMs: tenths(this.#longestGapMs),
      },
    };
    return { takeover, marks };
  }
}

function marksOf(running: Running, live: readonly Instant[], firstPost: Instant): Marks {
  const earliestSign = Math.min(running.promoted ?? firstPost, ...live, firstPost);
  const promoted = Math.max(running.begin, earliestSign);
  const dropped = Math.max(running.begin, Math.min(running.dropped ?? promoted, promoted));
  return {
    begin: running.begin,
    dropped,
    promoted,
    live,
    firstPost,
    end: Math.max(promoted, firstPost, ...live),
  };
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;
