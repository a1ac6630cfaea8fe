/**
 * The members of one cluster in registration order. A server keeps its place when it goes and comes back.
 * Only when the roster is full, a new member gets the place of a member that is gone and on which nothing
 * depends.
 */
import type { ServerId } from '../ids.js';
import { invariant } from '../invariants.js';
import { MAX_MEMBERS } from '../limits.js';
import { type Member, NO_END } from './member.js';
import type { Candidate } from './registry-messages.js';

export class Roster {
  readonly #members: Member[];
  #hasForgotten = false;

  /** `isNeeded`: whether the member must be remembered because something depends on it. */
  constructor(
    members: readonly Member[],
    readonly isNeeded: (member: Member) => boolean,
  ) {
    this.#members = [...members];
  }

  get all(): readonly Member[] {
    return this.#members;
  }

  get isFull(): boolean {
    return this.#members.length >= MAX_MEMBERS && this.#forgettable() === undefined;
  }

  /** Whether a member that has attached since this router started has lost its place. */
  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  find(serverId: ServerId): Member | undefined {
    return this.#members.find((member) => member.serverId === serverId);
  }

  /** Adds a member at the end, without evidence yet that it is live. */
  register(candidate: Candidate): Member {
    const forgotten = this.#members.length >= MAX_MEMBERS ? this.#forgettable() : undefined;
    if (forgotten !== undefined) this.remove(forgotten);
    const { serverId, incarnation, journalId, lifeId, address } = candidate;
    const member: Member = {
      serverId,
      incarnation,
      journalId,
      lifeId,
      address,
      liveness: 'stream',
      presence: { kind: 'announced' },
      reach: { kind: 'unasked' },
      heard: false,
      hasAttached: false,
      refused: undefined,
      isLeaving: false,
      build: undefined,
      end: NO_END,
      isAtRest: true,
    };
    this.#members.push(member);
    invariant(this.#members.length <= MAX_MEMBERS, 'limit-is-kept', { members: this.#members.length });
    return member;
  }

  remove(member: Member): void {
    if (member.hasAttached) this.#hasForgotten = true;
    this.#members.splice(this.#members.indexOf(member), 1);
  }

  #forgettable(): Member | undefined {
    return this.#members.find((member) => member.presence.kind === 'gone' && !this.isNeeded(member));
  }
}
