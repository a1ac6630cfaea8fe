/**
 * Notices who has fallen silent, in listening time.
 *
 * Links are kept in the order in which they were last heard, so a ping costs the same with three
 * members as with thousands: it moves its link to the end, and only the front is ever looked at.
 * The interval rises with the number of members, and a member is judged by the one it was told.
 */
import { RecencyMap } from '../recency-map.js';
import { MIN_PINGS_BEFORE_DEAD, type Timing } from '../timing.js';
import { MAX_PINGS_PER_SECOND } from './registry-limits.js';
import type { RegistryLink } from './registry-messages.js';

interface Heard {
  atMs: number;
  toldIntervalMs: number;
}

export class Silence {
  /** In the order of last being heard. */
  readonly #links = new RecencyMap<RegistryLink, Heard>();
  /** Links that will be listened to once their member knows that it is in. */
  readonly #expected = new Set<RegistryLink>();

  constructor(readonly timing: Timing) {}

  /** Pings no further apart than this are asked for now. */
  get pingIntervalMs(): number {
    const links = this.#links.size + this.#expected.size;
    const room = Math.ceil((links * 1_000) / MAX_PINGS_PER_SECOND);
    return Math.max(this.timing.pingIntervalMs, room);
  }

  /** Silence after which a member that was told `intervalMs` is dropped. */
  deadAfterMs(intervalMs: number = this.pingIntervalMs): number {
    return Math.max(this.timing.deadAfterMs, MIN_PINGS_BEFORE_DEAD * intervalMs);
  }

  get isEmpty(): boolean {
    return this.#links.size === 0;
  }

  /** Links that have not been welcomed yet. */
  get expected(): ReadonlySet<RegistryLink> {
    return this.#expected;
  }

  /** The link is among those that ping, but its silence counts only from `heard`: it has not been welcomed yet. */
  expect(link: RegistryLink): void {
    this.#expected.add(link);
  }

  /** A message came on a link that is, or from now on will be, listened to. */
  heard(listeningMs: number, link: RegistryLink): void {
    this.#expected.delete(link);
    const known = this.#links.touch(link);
    if (known !== undefined) {
      known.atMs = listeningMs;
      return;
    }
    const heard = { atMs: listeningMs, toldIntervalMs: 0 };
    this.#links.add(link, heard);
    heard.toldIntervalMs = this.pingIntervalMs; // with this one among those who ping
  }

  /** The interval that the member has just been told. */
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

  /** Links that have been silent for too long. */
  dead(listeningMs: number): { readonly link: RegistryLink; readonly silentMs: number }[] {
    const dead = [];
    for (const [link, { atMs, toldIntervalMs }] of this.#links) {
      const silentMs = listeningMs - atMs;
      if (silentMs < this.timing.deadAfterMs) break; // all behind it were heard later
      if (silentMs >= this.deadAfterMs(toldIntervalMs)) dead.push({ link, silentMs });
    }
    return dead;
  }

  /** Listening time until somebody may be dead; undefined when nobody is listened to. */
  nextDeathInMs(listeningMs: number): number | undefined {
    const { first } = this.#links;
    if (first === undefined) return undefined;
    return Math.max(0, first.atMs + this.deadAfterMs(first.toldIntervalMs) - listeningMs);
  }
}
