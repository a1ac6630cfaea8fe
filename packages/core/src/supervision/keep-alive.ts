/**
 * The keep-alive link to a listening process: when to open it, what to send on it, and how long it was
 * silent.
 *
 * Silence is measured in listening time, so a stopped supervisor does not kill a healthy server after its own
 * pause. The end of the link proves nothing: it is opened again, and silence is still counted.
 */
import type { Instant } from '../ids.js';
import type { KeepAliveLink, SupervisorOutput } from './supervision-messages.js';
import { RELINK_MS, type SupervisionTiming } from './supervision-timing.js';

type Link =
  | { readonly kind: 'open'; readonly link: KeepAliveLink; greeted: boolean; pingAt: Instant }
  | { readonly kind: 'broken'; readonly openAt: Instant };

export class KeepAlive {
  readonly #timing: SupervisionTiming;
  /** Undefined while no process listens. */
  #link: Link | undefined;
  /** Listening time, ms. */
  #heardAtMs = 0;
  #links = 0;
  #sequence = 0;

  constructor(timing: SupervisionTiming) {
    this.#timing = timing;
  }

  /** A process listens: a link is due at once. */
  begin(now: Instant, heardMs: number): void {
    this.#heardAtMs = heardMs;
    this.#link = { kind: 'broken', openAt: now };
  }

  /** Stops listening to the process. @returns the link that was open */
  end(): KeepAliveLink | undefined {
    const link = this.#link;
    this.#link = undefined;
    return link?.kind === 'open' ? link.link : undefined;
  }

  /** Whether this is the link that is open now. */
  hears(link: KeepAliveLink): boolean {
    return this.#link?.kind === 'open' && this.#link.link === link;
  }

  heard(link: KeepAliveLink, heardMs: number): void {
    if (this.hears(link)) this.#heardAtMs = heardMs;
  }

  /** From now on pings are sent on this link. @returns whether it is the one that is open */
  greeted(link: KeepAliveLink, heardMs: number): boolean {
    if (this.#link?.kind !== 'open' || !this.hears(link)) return false;
    this.heard(link, heardMs);
    this.#link.greeted = true;
    return true;
  }

  linkEnded(now: Instant, link: KeepAliveLink): void {
    if (this.hears(link)) this.#link = { kind: 'broken', openAt: now + RELINK_MS };
  }

  /** For how long nothing was heard, over all links to this process, listening time, ms. */
  silentMs(heardMs: number): number {
    return heardMs - this.#heardAtMs;
  }

  /** The link to open now, or the ping to send now. */
  takeDue(now: Instant): SupervisorOutput | undefined {
    const link = this.#link;
    if (link?.kind === 'broken') {
      if (now < link.openAt) return undefined;
      this.#links += 1;
      const pingAt = now + this.#timing.keepAliveMs;
      this.#link = { kind: 'open', link: this.#links, greeted: false, pingAt };
      return { kind: 'open-link', link: this.#links };
    }
    if (link === undefined || now < link.pingAt) return undefined;
    this.#sequence += 1;
    link.pingAt = now + this.#timing.keepAliveMs;
    return link.greeted ? { kind: 'ping', link: link.link, sequence: this.#sequence } : undefined;
  }

  /** When to look next while a process listens: the listening clock must be read regularly. */
  nextDeadline(now: Instant): Instant {
    const looksAt = now + this.#timing.keepAliveMs;
    if (this.#link === undefined) return looksAt;
    return this.#link.kind === 'broken' ? this.#link.openAt : Math.min(this.#link.pingAt, looksAt);
  }
}
