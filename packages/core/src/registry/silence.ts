/**
 * Notices which members have fallen silent, in listening time.
 *
 * Links are kept in the order in which they were last heard, so a ping costs the same with three members as
 * with thousands: it moves its link to the end, and only the first one is ever checked. The interval rises
 * with the number of members, and a member's silence is measured by the interval that was sent to it.
 */
import { RecencyMap } from '../recency-map.js';
import { MIN_PINGS_BEFORE_DEAD, type Timing } from '../timing.js';
import { HEARD_PINGS } from './hearing.js';
import { MAX_PINGS_PER_SECOND } from './registry-limits.js';
import type { RegistryLink } from './registry-messages.js';

interface Heard {
  /** Listening time from which its silence counts, ms. */
  atMs: number;
  /** Listening time of its last message, ms. */
  spokenMs: number;
  toldIntervalMs: number;
  /**
   * The router was cut off or away, and this member may have given up the stream: its end proves nothing, and
   * its messages may be old ones. `unspoken`: the member has sent nothing since, and its silence counts from
   * `atMs`. A number: the time of its first message since.
   */
  excuse: 'unspoken' | number | undefined;
}

export interface SilentLink {
  readonly link: RegistryLink;
  readonly silentMs: number;
  /** See `Silence.isExcused`. */
  readonly isExcused: boolean;
}

export class Silence {
  /** In the order of last being heard. */
  readonly #links = new RecencyMap<RegistryLink, Heard>();
  /**
   * Links whose member has not been welcomed yet, and when they attached. Their silence counts from the
   * welcome.
   */
  readonly #expected = new Map<RegistryLink, number>();

  constructor(readonly timing: Timing) {}

  /** The ping interval that is sent to members now. */
  get pingIntervalMs(): number {
    const links = this.#links.size + this.#expected.size;
    const room = Math.ceil((links * 1_000) / MAX_PINGS_PER_SECOND);
    return Math.max(this.timing.pingIntervalMs, room);
  }

  /** Silence after which a member with the interval `intervalMs` is dropped. */
  deadAfterMs(intervalMs: number = this.pingIntervalMs): number {
    return Math.max(this.timing.deadAfterMs, MIN_PINGS_BEFORE_DEAD * intervalMs);
  }

  get isEmpty(): boolean {
    return this.#links.size === 0;
  }

  /** Links that have not been welcomed yet. */
  get expected(): readonly RegistryLink[] {
    return [...this.#expected.keys()];
  }

  /**
   * The link counts among those that ping, but its silence counts only from `heard` on: its member is not
   * welcomed yet.
   */
  expect(listeningMs: number, link: RegistryLink): void {
    this.#expected.set(link, listeningMs);
  }

  /** A message came on the link: its member's silence counts from now on. */
  heard(listeningMs: number, link: RegistryLink): void {
    this.#count(listeningMs, link).spokenMs = listeningMs;
  }

  /** Its member was welcomed, and its silence counts from now on. That is no word of the member. */
  welcomed(listeningMs: number, link: RegistryLink): void {
    const spokenMs = this.#expected.get(link) ?? this.#links.get(link)?.spokenMs ?? listeningMs;
    this.#count(listeningMs, link).spokenMs = spokenMs;
  }

  #count(listeningMs: number, link: RegistryLink): Heard {
    this.#expected.delete(link);
    const known = this.#links.touch(link);
    if (known !== undefined) {
      known.atMs = listeningMs;
      if (known.excuse === 'unspoken') known.excuse = listeningMs;
      else if (known.excuse !== undefined && listeningMs - known.excuse >= HEARD_PINGS * known.toldIntervalMs)
        known.excuse = undefined;
      return known;
    }
    const heard: Heard = { atMs: listeningMs, spokenMs: listeningMs, toldIntervalMs: 0, excuse: undefined };
    this.#links.add(link, heard);
    heard.toldIntervalMs = this.pingIntervalMs; // this link included
    return heard;
  }

  /** The interval that was just sent to the member. */
  told(link: RegistryLink, intervalMs: number): void {
    const heard = this.#links.get(link);
    if (heard !== undefined) heard.toldIntervalMs = intervalMs;
  }

  forget(link: RegistryLink): void {
    this.#expected.delete(link);
    this.#links.delete(link);
  }

  silentMs(listeningMs: number, link: RegistryLink): number | undefined {
    const heard = this.#links.get(link);
    return heard === undefined ? undefined : listeningMs - heard.atMs;
  }

  /** Whether it was heard at `sinceMs` or later, and within the last two of its pings. */
  isHeard(listeningMs: number, link: RegistryLink, sinceMs: number): boolean {
    const heard = this.#links.get(link);
    const attachedAt = this.#expected.get(link);
    if (attachedAt !== undefined)
      return attachedAt >= sinceMs && listeningMs - attachedAt < HEARD_PINGS * this.pingIntervalMs;
    if (heard === undefined || heard.excuse !== undefined || heard.spokenMs < sinceMs) return false;
    return listeningMs - heard.spokenMs < HEARD_PINGS * heard.toldIntervalMs;
  }

  /** Whether two or more links are open, and nothing was heard on any of them within two pings. */
  isQuiet(listeningMs: number): boolean {
    const { last } = this.#links;
    if (last === undefined || this.#links.size < 2) return false;
    return listeningMs - last.atMs >= HEARD_PINGS * Math.max(last.toldIntervalMs, this.pingIntervalMs);
  }

  /**
   * The router was cut off or away: every silence starts from zero, and every stream is excused. A member
   * that has sent nothing since the last time gets no second excuse.
   */
  startAnew(listeningMs: number): void {
    for (const [, heard] of this.#links) {
      if (heard.excuse === 'unspoken') continue;
      heard.atMs = listeningMs;
      heard.excuse = 'unspoken';
    }
  }

  /**
   * Whether the end of this stream proves nothing. When the member has sent messages for two pings it counts
   * again: what a network held back arrives in one burst, often followed by the end of the stream.
   */
  isExcused(link: RegistryLink): boolean {
    return this.#links.get(link)?.excuse !== undefined;
  }

  /** Links that have been silent for too long. */
  dead(listeningMs: number): SilentLink[] {
    const dead = [];
    for (const [link, { atMs, toldIntervalMs, excuse }] of this.#links) {
      const silentMs = listeningMs - atMs;
      if (silentMs < this.timing.deadAfterMs) break; // all behind it were heard later
      if (silentMs >= this.deadAfterMs(toldIntervalMs))
        dead.push({ link, silentMs, isExcused: excuse !== undefined });
    }
    return dead;
  }

  /** Listening time until a member may count as dead; undefined when there is no link. */
  nextDeathInMs(listeningMs: number): number | undefined {
    const { first } = this.#links;
    if (first === undefined) return undefined;
    return Math.max(0, first.atMs + this.deadAfterMs(first.toldIntervalMs) - listeningMs);
  }
}
