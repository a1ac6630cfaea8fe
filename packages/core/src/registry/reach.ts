/**
 * Dial-back: whether a member can be reached at the address that it advertises.
 *
 * A member's stream proves that the member can dial the router, and nothing about the other direction: with a
 * wrong `--advertise` it would be promoted, but neither clients nor standbys could reach it. So the router
 * dials the address once for each life and asks the standard health service for a name that only this life
 * serves. A member that was reached once counts as reachable for the rest of its life: a serving primary is
 * never replaced because the router alone can't dial it, and a takeover never waits for such a question.
 */
import type { Address, Instant } from '../ids.js';
import type { MemberLife } from '../member-service.js';
import { Deadlines } from './deadlines.js';

export type Reach =
  /** It is not dialled back: it has no journal, or this router does not dial back. */
  | { readonly kind: 'unasked' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'reachable' }
  /** `failures`: how many questions in a row have failed. */
  | { readonly kind: 'unreachable'; readonly detail: string; readonly failures: number };

/** Open questions at once: each is a connection, and ten thousand members may attach in one second. */
const MAX_PROBES_AT_ONCE = 32;
/**
 * Waits between questions to a member that could not be reached, ms: short at first, for a process that is
 * just starting.
 */
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const;
const LONGEST_RETRY_MS = 10_000;

export const retryAfterMs = (failures: number): number => RETRY_MS[failures - 1] ?? LONGEST_RETRY_MS;

/** Names one question; given by the registry, never used twice. */
export type ProbeNumber = number;

export interface Question extends MemberLife {
  readonly address: Address;
}

/** Which questions are due and which are open; only the newest question about a member counts. */
export class Probes {
  readonly #due = new Deadlines<Question>();
  readonly #asked = new Map<ProbeNumber, Question>();
  /** The newest question about each member: anything older is void. */
  readonly #newest = new Map<string, Question>();
  #last: ProbeNumber = 0;

  /** Adds a question; it replaces any other about this member. */
  add(at: Instant, question: Question): void {
    this.#newest.set(keyOf(question), question);
    this.#due.add(at, question);
  }

  /** Takes the questions to ask now, up to the limit of open ones. */
  takeDue(now: Instant): { readonly probe: ProbeNumber; readonly question: Question }[] {
    const taken = [];
    while (this.#asked.size < MAX_PROBES_AT_ONCE) {
      const question = this.#due.takeDue(now);
      if (question === undefined) break;
      if (!this.#isNewest(question)) continue;
      this.#last += 1;
      this.#asked.set(this.#last, question);
      taken.push({ probe: this.#last, question });
    }
    return taken;
  }

  /** The question of this answer; undefined when the answer no longer matters. */
  answered(probe: ProbeNumber): Question | undefined {
    const question = this.#asked.get(probe);
    this.#asked.delete(probe);
    if (question === undefined || !this.#isNewest(question)) return undefined;
    this.#newest.delete(keyOf(question));
    return question;
  }

  nextDeadline(): Instant | undefined {
    return this.#asked.size < MAX_PROBES_AT_ONCE ? this.#due.next() : undefined;
  }

  #isNewest(question: Question): boolean {
    return this.#newest.get(keyOf(question)) === question;
  }
}

const keyOf = ({ cluster, serverId }: MemberLife): string => `${cluster}/${serverId}`;
