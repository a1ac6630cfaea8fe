/**
 * Signs of life on the timeline of a session: when to send one, and when the server was silent for too long.
 *
 * Silence is listening time, so a stopped client does not count its own pause as its server's silence. On a
 * slow line no sign arrives while a large page of older posts is in transit. So the allowed silence doubles
 * with each link in a row that is given up, up to the time for a reply; otherwise such a client would never
 * get the page.
 */
import type { Instant } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';
import type { SignsOfLife } from '../signs-of-life.js';
import { FIRST_WORD_MS, REPLY_TIMEOUT_MS } from './session-limits.js';

/** Shortest interval of signs that a server can ask of a client, ms. */
const LEAST_INTERVAL_MS = 100;

export class LinkSigns {
  readonly #clock = new ListeningClock(LEAST_INTERVAL_MS);
  #now: Instant = 0;
  /** The times from the server of the present link; undefined while there is none, or it sends no signs. */
  #told: SignsOfLife | undefined;
  #heardAt = 0;
  #signAt: Instant = 0;
  /** Links in a row that were given up for silence, after they were open and before. */
  #silences = 0;
  #wordless = 0;

  advance(now: Instant): void {
    this.#now = now;
    this.#clock.advance(now);
  }

  /** The link is open. */
  begin(told: SignsOfLife | undefined): void {
    this.hasWord();
    this.#tell(told);
    this.#signAt = this.#now + (this.#told?.intervalMs ?? 0);
    this.heard();
  }

  end(): void {
    this.#told = undefined;
  }

  /** A sign came from the server: its earlier messages have been read, so the line is not too slow. */
  sign(told: SignsOfLife): void {
    if (this.#told !== undefined) this.#tell(told);
    this.#silences = 0;
    this.heard();
  }

  /** A message came on the timeline. */
  heard(): void {
    this.#heardAt = this.#clock.heardMs;
  }

  /** @returns for how long the server was silent, if that was too long, ms; then the link must be given up */
  takeSilence(): number | undefined {
    const silentMs = this.#clock.heardMs - this.#heardAt;
    if (this.#told === undefined || silentMs < patienceMs(this.#told.deadAfterMs, this.#silences))
      return undefined;
    this.#silences += 1;
    return silentMs;
  }

  /** How long to wait for the first message of a server on a new link, ms. */
  get firstWordMs(): number {
    return patienceMs(FIRST_WORD_MS, this.#wordless);
  }

  /** A new link was given up because nothing came. */
  wasWordless(): void {
    this.#wordless += 1;
  }

  /** The first message of a server has come. */
  hasWord(): void {
    this.#wordless = 0;
  }

  /** @returns whether to send a sign now */
  takeDue(): boolean {
    if (this.#told === undefined || this.#now < this.#signAt) return false;
    this.#signAt = this.#now + this.#told.intervalMs;
    return true;
  }

  get deadline(): Instant | undefined {
    if (this.#told === undefined) return undefined;
    const leftMs = patienceMs(this.#told.deadAfterMs, this.#silences) - (this.#clock.heardMs - this.#heardAt);
    return Math.min(this.#signAt, this.#now + Math.max(0, leftMs));
  }

  #tell(told: SignsOfLife | undefined): void {
    this.#told = told && { ...told, intervalMs: Math.max(told.intervalMs, LEAST_INTERVAL_MS) };
    // A timer is set for each interval, so in a step longer than that this process was not listening all the
    // time.
    if (this.#told !== undefined) this.#clock.maxStepMs = this.#told.intervalMs;
  }
}

const patienceMs = (atFirstMs: number, inVain: number): number =>
  Math.max(atFirstMs, Math.min(atFirstMs * 2 ** inVain, REPLY_TIMEOUT_MS));
