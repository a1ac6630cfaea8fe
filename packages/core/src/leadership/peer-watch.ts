/**
 * What a follower hears from the leader, and when that is a reason to take over before the lease ends.
 *
 * When the stream ends and nothing listens at the leader's address, the leader is gone: at once. Silence for
 * `deadAfterMs` means that it is frozen or cut off. Silence is measured in listening time, so a follower does
 * not count its own pause. It counts only while the follower reaches the store: if the store is away, the
 * leader can't reach it either. And it counts only for a leader that has been heard in this term: two routers
 * that can't hear each other would depose one another for ever.
 */
import type { Address, Instant } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';
import type { Timing } from '../timing.js';
import type { LeadershipOutput } from './leadership-messages.js';
import { PEER_RETRY_MS } from './leadership-timing.js';
import type { Leader, Term } from './shared-store.js';

type PeerOutput = Extract<LeadershipOutput, { readonly kind: 'hear-peer' | 'leave-peer' | 'probe-peer' }>;

export class PeerWatch {
  readonly #clock: ListeningClock;
  readonly #timing: Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>;
  readonly #emit: (output: PeerOutput) => void;
  #peer: { readonly term: Term; readonly address: Address } | undefined;
  /** It has been heard in its term. */
  #stood = false;
  /** Listening time of its last sign, ms. */
  #heardAtMs = 0;
  /** When its stream is opened again; undefined: it is open. */
  #openAt: Instant | undefined;

  constructor(timing: Pick<Timing, 'pingIntervalMs' | 'deadAfterMs'>, emit: (output: PeerOutput) => void) {
    this.#timing = timing;
    this.#emit = emit;
    this.#clock = new ListeningClock(2 * timing.pingIntervalMs);
  }

  /** Listening time of this router, ms. */
  get listeningMs(): number {
    return this.#clock.heardMs;
  }

  /** Advances the clock. `readsAreRecent`: the store was reached recently. */
  advance(now: Instant, readsAreRecent: boolean): void {
    this.#clock.advance(now);
    if (!readsAreRecent) this.#heardAtMs = this.#clock.heardMs;
    if (this.#peer === undefined || this.#openAt === undefined || now < this.#openAt) return;
    this.#openAt = undefined;
    this.#emit({ kind: 'hear-peer', ...this.#peer });
  }

  /** Listens to this leader from now on; to none, when no other router leads. */
  follow(leader: Leader | undefined): void {
    if (this.#peer?.term === leader?.term) return;
    if (leader === undefined) this.#emit({ kind: 'leave-peer' });
    else this.#emit({ kind: 'hear-peer', term: leader.term, address: leader.address });
    this.#peer = leader === undefined ? undefined : { term: leader.term, address: leader.address };
    this.#stood = false;
    this.#heardAtMs = this.#clock.heardMs;
    this.#openAt = undefined;
  }

  sign(term: Term, leads: boolean): void {
    if (term !== this.#peer?.term || !leads) return;
    this.#stood = true;
    this.#heardAtMs = this.#clock.heardMs;
  }

  ended(now: Instant, term: Term): void {
    if (term !== this.#peer?.term) return;
    this.#openAt = now + PEER_RETRY_MS;
    if (this.#stood) this.#emit({ kind: 'probe-peer', ...this.#peer });
  }

  /** Whether the leader of this term is gone: it has been heard, and nothing listens at its address now. */
  isGone(term: Term, refused: boolean): boolean {
    return refused && this.#stood && term === this.#peer?.term;
  }

  /** For how long it has been silent, ms; 0 when its silence does not count. */
  get silentMs(): number {
    return this.#stood ? this.#clock.heardMs - this.#heardAtMs : 0;
  }

  get isSilent(): boolean {
    return this.silentMs >= this.#timing.deadAfterMs;
  }

  /** When to look again, so that listening time does not fall behind. */
  nextDeadline(now: Instant): Instant | undefined {
    if (this.#peer === undefined) return undefined;
    return Math.min(now + this.#timing.pingIntervalMs / 2, this.#openAt ?? Number.POSITIVE_INFINITY);
  }
}
