/**
 * Finds the primary: asks the session's routers, round after round, and evaluates their answers.
 *
 * A router that is not known yet is first asked for its network (`introduce`), then for the primary
 * (`resolve`). `router-rotation.ts` has the order of the routers, `router-inquiries.ts` the open questions,
 * `cluster-view.ts` the results.
 */
import type { Address, Instant, NetworkId } from '../ids.js';
import type { Failure } from '../reasons.js';
import { quote } from '../text.js';
import type { ClusterView } from './cluster-view.js';
import { failureOf } from './failure-of.js';
import { type Inquiry, RouterInquiries } from './router-inquiries.js';
import { RouterRotation } from './router-rotation.js';
import type { SessionInput, SessionOutput } from './session-messages.js';
import type { SessionTarget } from './session-state.js';

type InputOf<Kind extends SessionInput['kind']> = Extract<SessionInput, { kind: Kind }>;

/** The result of a search. */
export type Found =
  | { readonly kind: 'primary'; readonly target: SessionTarget }
  /** No server serves, or no router answers: ask again later. */
  | { readonly kind: 'nobody'; readonly because: Failure }
  /** Asking again would not help. */
  | { readonly kind: 'hopeless'; readonly because: Failure };

export interface SearchOutputs {
  emit(output: SessionOutput): void;
  /** A router is about to be asked. */
  asking(): void;
}

export class PrimarySearch {
  readonly #cluster: ClusterView;
  readonly #outputs: SearchOutputs;
  readonly #routers: RouterRotation;
  readonly #inquiries: RouterInquiries;
  /** Why this search goes on. */
  #because: Failure | undefined;

  constructor(routers: readonly Address[], cluster: ClusterView, outputs: SearchOutputs) {
    this.#cluster = cluster;
    this.#outputs = outputs;
    this.#routers = new RouterRotation([...routers]);
    this.#inquiries = new RouterInquiries(this.#routers);
  }

  /** The router that was last asked; before a round the one with which it will begin. */
  get router(): Address {
    return this.#routers.current;
  }

  get because(): Failure | undefined {
    return this.#because;
  }

  get deadline(): Instant | undefined {
    return this.#inquiries.deadline;
  }

  /** Begins a round: asks each router once, beginning with the one that answered last. */
  begin(now: Instant, because: Failure | undefined): void {
    this.#inquiries.beginRound();
    this.#askNext(now, because);
  }

  /** Answers no longer matter. */
  cancel(): void {
    for (const askNo of this.#inquiries.cancel()) this.#outputs.emit({ kind: 'cancel-ask', askNo });
  }

  introduced(now: Instant, input: InputOf<'introduced'>): Found | undefined {
    const inquiry = this.#inquiries.take(input.askNo);
    if (inquiry === undefined) return undefined;
    if (this.#cluster.hasServed && this.#isForeign(input.networkId))
      return this.#foreign(now, inquiry, input.networkId);
    const { router } = inquiry;
    this.#routers.introduced(router);
    this.#cancelAt(router);
    this.#cluster.introduce(input.networkId, input.cluster, input.clusters, input.failoverWaitMs);
    if (input.assignment !== undefined) this.#cluster.remember(input.assignment);
    const { target, newerTarget, unavailableReason } = this.#cluster;
    if (newerTarget !== undefined) {
      this.#routers.answered(router);
      return { kind: 'primary', target: newerTarget };
    }
    if (target !== undefined) this.#ask(now, router, this.#because);
    // The router holds its next answer for a while: until then this is the reason why no server serves.
    else this.#ask(now, router, { reason: 'no-available-server', detail: unavailableReason });
    return undefined;
  }

  resolved(now: Instant, input: InputOf<'resolved'>): Found | undefined {
    const inquiry = this.#inquiries.take(input.askNo);
    if (inquiry === undefined) return undefined;
    if (this.#isForeign(input.networkId)) return this.#foreign(now, inquiry, input.networkId);
    this.#routers.answered(inquiry.router);
    this.#cluster.remember(input.assignment);
    const { target, unavailableReason } = this.#cluster;
    if (target !== undefined) return { kind: 'primary', target };
    return { kind: 'nobody', because: { reason: 'no-available-server', detail: unavailableReason } };
  }

  failed(now: Instant, input: InputOf<'ask-failed'>): Found | undefined {
    const inquiry = this.#inquiries.take(input.askNo);
    return inquiry === undefined ? undefined : this.#askFailed(now, inquiry, failureOf(input));
  }

  tick(now: Instant): Found | undefined {
    let found: Found | undefined;
    for (const inquiry of this.#inquiries.takeDue(now)) {
      this.#outputs.emit({ kind: 'cancel-ask', askNo: inquiry.askNo });
      const detail = `router ${inquiry.router} did not answer in time`;
      found ??= this.#askFailed(now, inquiry, { reason: 'router-unreachable', detail });
    }
    if (found !== undefined) return found;
    for (const router of this.#inquiries.takeAnew(now)) {
      const { askNo } = this.#inquiries.ask(router, now, 0);
      this.#outputs.emit({ kind: 'introduce', askNo, router, anew: true });
    }
    this.#askNext(now, this.#because);
    return undefined;
  }

  /** Asks the next router of the round. @returns whether there was one */
  #askNext(now: Instant, because: Failure | undefined): boolean {
    const router = this.#inquiries.takeNext(now);
    if (router === undefined) return false;
    this.#ask(now, router, because);
    return true;
  }

  /** Asks a router for its network if that isn't known, else for the primary. */
  #ask(now: Instant, router: Address, because: Failure | undefined): void {
    const { failoverWaitMs, failedEpoch } = this.#cluster;
    const isIntroduced = this.#routers.isIntroduced(router);
    const waitMs = isIntroduced ? this.#inquiries.holdMs(now, failoverWaitMs) : 0;
    const { askNo } = this.#inquiries.ask(router, now, waitMs);
    this.#because = because;
    this.#outputs.asking();
    if (isIntroduced) this.#outputs.emit({ kind: 'resolve', askNo, router, failedEpoch, waitMs });
    else this.#outputs.emit({ kind: 'introduce', askNo, router, anew: false });
  }

  /**
   * Cancels the earlier questions to this router; they are asked again over the connection that works.
   */
  #cancelAt(router: Address): void {
    for (const askNo of this.#inquiries.cancelAt(router)) this.#outputs.emit({ kind: 'cancel-ask', askNo });
  }

  #askFailed(now: Instant, { router }: Inquiry, failure: Failure): Found | undefined {
    switch (failure.reason) {
      case 'no-available-server': // the answer of a healthy router
        this.#routers.answered(router);
        return { kind: 'nobody', because: failure };
      case 'unknown-cluster':
      case 'invalid-user-name':
        return { kind: 'hopeless', because: failure };
      default:
        break;
    }
    this.#cancelAt(router);
    this.#inquiries.failed(router, failure.reason);
    if (this.#askNext(now, this.#because ?? failure) || !this.#inquiries.isEmpty) return undefined;
    return { kind: this.#routers.hopeless ? 'hopeless' : 'nobody', because: failure };
  }

  /** Whether the answering router belongs to another network. */
  #isForeign(networkId: NetworkId): boolean {
    const own = this.#cluster.networkId;
    return own !== undefined && own !== networkId;
  }

  /** Its answer is ignored, and another router is asked. */
  #foreign(now: Instant, inquiry: Inquiry, networkId: NetworkId): Found | undefined {
    const own = quote(this.#cluster.networkId ?? '');
    const detail = `router ${inquiry.router} is of network ${quote(networkId)}, this session began in ${own}`;
    return this.#askFailed(now, inquiry, { reason: 'wrong-network', detail });
  }
}
