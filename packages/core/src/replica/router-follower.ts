/**
 * Decides which router a server follows, and which refusal ends it.
 *
 * A server follows a router of its own network whose store is neither older than what the server knows nor a
 * copy that has diverged. Any other router is an alarm, and the server asks another one.
 */
import { type Assignment, isNewer } from '../assignment.js';
import type { Epoch, JournalId } from '../ids.js';
import { unreachable } from '../invariants.js';
import type { Attempt } from '../membership/membership-messages.js';
import { RouterRefusals } from '../membership/refusal.js';
import type { RouterLink } from '../membership/router-link.js';
import type { RouterMessage } from '../messages.js';
import type { Failure } from '../reasons.js';
import { isSameInSyncMember, isSamePrimary } from '../same-life.js';
import type { ReplicaContext } from './replica-context.js';

type Welcome = Extract<RouterMessage, { readonly kind: 'welcome' }>;
type Refused = Extract<RouterMessage, { readonly kind: 'refused' }>;

/**
 * How long a new life waits for the end of the former one, ms. A server that is restarted at once may attach
 * before the router knows that its former life has ended. A copy of a folder whose original runs would wait
 * for ever.
 */
const PREDECESSOR_PATIENCE_MS = 5_000;
/** What to do after a message of the router. */
export type RouterOrder =
  /** `lastRequest` undefined: it came as a welcome on a new stream. */
  | { readonly kind: 'assigned'; readonly assignment: Assignment; readonly lastRequest: number | undefined }
  | { readonly kind: 'hand-over'; readonly epoch: Epoch }
  | { readonly kind: 'rest'; readonly epoch: Epoch }
  | { readonly kind: 'no-successor'; readonly epoch: Epoch }
  /** This life is refused, and must end. */
  | ({ readonly kind: 'end' } & Failure);

export class RouterFollower {
  readonly #context: ReplicaContext;
  readonly #router: RouterLink;
  readonly #refusals: RouterRefusals;
  /** Another journal id is being made durable. */
  #isRenewing = false;
  /** Since when the router has refused because the former life is live, listening time, ms. */
  #predecessorSince: number | undefined;

  constructor(context: ReplicaContext, router: RouterLink) {
    this.#context = context;
    this.#router = router;
    this.#refusals = new RouterRefusals(context.identity.routers);
  }

  /** Takes a message from a router that we dial or are attached to. Undefined: nothing to do. */
  take(attempt: Attempt, message: RouterMessage): RouterOrder | undefined {
    if (message.kind === 'leader-is') {
      this.#router.leaderIs(attempt, message);
      return undefined;
    }
    this.#router.heard(attempt);
    const isAnswer = message.kind === 'welcome' || message.kind === 'refused';
    if (!isAnswer && !this.#router.isWelcomedBy(attempt)) return undefined;
    switch (message.kind) {
      case 'welcome':
        return this.#welcomed(attempt, message);
      case 'pong':
        this.#context.keepTime(message.pingIntervalMs);
        return undefined;
      case 'assignment': {
        const { assignment, lastRequest } = message;
        return { kind: 'assigned', assignment, lastRequest };
      }
      case 'please-hand-over':
        return { kind: 'hand-over', epoch: message.epoch };
      case 'please-rest':
        return { kind: 'rest', epoch: message.epoch };
      case 'no-successor':
        return { kind: 'no-successor', epoch: message.epoch };
      case 'refused':
        return this.#refused(attempt, message);
      default:
        return unreachable(message);
    }
  }

  #welcomed(attempt: Attempt, message: Welcome): RouterOrder | undefined {
    const context = this.#context;
    const problem = this.#storeProblem(message);
    if (problem !== undefined) {
      this.#disbelieve(attempt, problem);
      return undefined;
    }
    this.#router.welcomed(attempt, message.term);
    this.#refusals.welcomed();
    this.#predecessorSince = undefined;
    context.clusters = message.clusters;
    context.keepTime(message.pingIntervalMs, message.deadAfterMs);
    context.networkId = message.networkId;
    const { lifeId } = context.identity;
    if (context.welcomedLife !== lifeId)
      context.emit({ kind: 'note-welcome', networkId: message.networkId, lifeId });
    context.report(
      'attached',
      `attached to the router at ${this.#router.address}, network ${message.networkId}`,
    );
    return { kind: 'assigned', assignment: message.assignment, lastRequest: undefined };
  }

  /**
   * Why this router must not be followed: it belongs to another network, its store is older than what we
   * know, or its store is a copy that has diverged.
   */
  #storeProblem({ networkId, assignment }: Welcome): string | undefined {
    const context = this.#context;
    if (context.networkId !== '' && networkId !== context.networkId)
      return `it is of network ${networkId}, this server belongs to ${context.networkId}`;
    const { revision, highestEpoch, assignment: known } = context;
    if (isNewer({ epoch: highestEpoch, revision }, assignment))
      return `it knows epoch ${assignment.epoch}, revision ${assignment.revision}; this server knows epoch ${highestEpoch}, revision ${revision}: its folder is older`;
    if (known !== undefined && !isNewer(assignment, known) && !isSameConfiguration(known, assignment))
      return `its revision ${assignment.revision} differs from the one that this server knows: its folder is a copy`;
    return undefined;
  }

  /** Goes on as before, reports the problem, and asks another router, or this one later. */
  #disbelieve(attempt: Attempt, problem: string): void {
    const detail = `does not follow the router at ${this.#router.addressOf(attempt)}: ${problem}`;
    if (this.#refusals.isNews(detail)) this.#context.report('refused', detail);
    this.#router.refused(attempt, { reason: 'router-store-too-old', detail });
  }

  #refused(attempt: Attempt, message: Refused): RouterOrder | undefined {
    const context = this.#context;
    // A newer stream of ours may have superseded it, if both led to one router. If it was another life, the
    // answer on our newer stream will say so.
    if (message.reason === 'superseded' && this.#router.isOvertaken(attempt)) {
      this.#router.ended(attempt, message);
      return undefined;
    }
    const address = this.#router.addressOf(attempt);
    const text = `the router at ${address} refuses this server: ${message.reason}: ${message.detail}`;
    if (message.reason === 'older-copy' && this.#mayRenew(message)) {
      this.#router.refused(attempt, message);
      this.#renew(text);
      return undefined;
    }
    if (this.#isInTheWayForGood(message)) return { kind: 'end', reason: 'duplicate-server', detail: text };
    if (this.#refusals.isFinal(message, address, context.networkId))
      return { kind: 'end', reason: message.reason, detail: text };
    if (this.#refusals.isNews(text)) context.report('refused', text);
    this.#router.refused(attempt, message);
    return undefined;
  }

  #renew(refusal: string): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    this.#context.report('older-copy', `${refusal}. It goes on as a new journal, which has to catch up`);
    this.#context.emit({ kind: 'renew-journal' });
  }

  /**
   * A life that was never welcomed has acknowledged nothing yet, so it may attach with another journal id.
   */
  #mayRenew({ networkId }: Refused): boolean {
    const ours = this.#context.networkId;
    return !this.#refusals.hasServed && (ours === '' || networkId === ours);
  }

  #isInTheWayForGood({ reason }: Refused): boolean {
    if (reason !== 'predecessor-is-live' || this.#refusals.hasServed) return false;
    const { heardMs } = this.#context;
    this.#predecessorSince ??= heardMs;
    return heardMs - this.#predecessorSince >= PREDECESSOR_PATIENCE_MS;
  }

  /** The new journal id is durable. */
  journalRenewed(journalId: JournalId): void {
    const context = this.#context;
    this.#isRenewing = false;
    context.identity = { ...context.identity, journalId };
    context.welcomedLife = '';
    this.#router.askAnew();
    this.#router.tick();
  }
}

/** Whether both name the same primary and the same in-sync set. */
function isSameConfiguration(one: Assignment, other: Assignment): boolean {
  if (one.epoch !== other.epoch || one.inSync.length !== other.inSync.length) return false;
  return (
    isSamePrimary(one.primary, other.primary) &&
    one.inSync.every((member) => other.inSync.some((it) => isSameInSyncMember(it, member)))
  );
}
