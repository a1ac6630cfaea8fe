/**
 * A member's stream to the router: opened, kept alive, opened again. The same for a server with its journal and for a
 * member that has none.
 *
 * The member gives the router up much later than the router gives up a member: the member that ends
 * the stream causes a failover, and a router that is merely slow is no reason for one.
 */
import type { Address, Epoch, Instant, LifeId, NetworkId } from '../ids.js';
import { invariant } from '../invariants.js';
import type { Figures, MemberMessage } from '../messages.js';
import type { Failure } from '../reasons.js';
import { ROUTER_SILENCE_FACTOR } from '../timing.js';
import type { Attempt, MemberIdentity, RouterLinkOutput } from './membership-messages.js';
import type { MemberTiming } from './pace.js';

/** How long a router may take to welcome us, ms: connect and one write to its disk, on a bad day. */
const WELCOME_TIMEOUT_MS = 3_000;
/** Waits between attempts, ms: quick at first, for a router that restarts takes well under a second. */
const RETRY_MS = [20, 50, 100, 200, 400] as const;
const LONGEST_RETRY_MS = 500;

type State =
  | { readonly kind: 'down'; readonly retryAt: Instant }
  | { readonly kind: 'opening'; readonly attempt: Attempt; readonly until: Instant }
  | {
      readonly kind: 'attached';
      readonly attempt: Attempt;
      heardAt: number;
      pingAt: Instant;
      /** The disk has this life as welcomed: before that nothing is said, so that the router has not heard it. */
      isNoted: boolean;
      sequence: number;
      /** The last `change-in-sync` asked on this stream. */
      request: number;
    };

/** What the link stands on: who speaks, what it has seen, the time, and where outputs go. */
export interface RouterLinkGround {
  readonly identity: MemberIdentity;
  readonly networkId: NetworkId | '';
  readonly highestEpoch: Epoch;
  /** The last life over this journal that was welcomed, as the disk has it; undefined where no disk keeps it. */
  readonly welcomedLife: LifeId | undefined;
  /** The highest revision that this member was told; 0 when none. */
  readonly revision: number;
  readonly now: Instant;
  /** Time that we were there to listen, ms. */
  readonly heardMs: number;
  readonly timing: MemberTiming;
  figures(): Figures;
  emit(output: RouterLinkOutput): void;
  /** For people. */
  report(event: 'router-lost', text: string): void;
}

export class RouterLink {
  #state: State = { kind: 'down', retryAt: 0 };
  #attempts = 0;
  /** Attempts in a row that came to nothing. */
  #failures = 0;
  /** Which of the routers is asked now. */
  #asked = 0;
  /** Listening time of the last word from any router, ms. */
  #heardAt = 0;

  /** How the last attempt, or the stream that stood, was lost, and at which router; none since the last welcome. */
  #because: Failure | undefined;

  constructor(readonly ground: RouterLinkGround) {}

  /** Whether we are welcomed, and may speak. */
  get attached(): boolean {
    return this.#state.kind === 'attached' && this.#state.isNoted;
  }

  /** The stream by which we are attached. */
  get attachedBy(): Attempt | undefined {
    return this.#state.kind === 'attached' && this.#state.isNoted ? this.#state.attempt : undefined;
  }

  get because(): Failure | undefined {
    return this.#because;
  }

  /** Of the router that is asked now, or will be next. */
  get address(): Address {
    const { routers } = this.ground.identity;
    return routers[this.#asked % routers.length] ?? '';
  }

  isCurrent(attempt: Attempt): boolean {
    return this.#state.kind !== 'down' && this.#state.attempt === attempt;
  }

  /** Whether nothing was heard of the router for `deadAfterMs`. */
  isLost(): boolean {
    return this.ground.heardMs - this.#heardAt >= this.ground.timing.deadAfterMs;
  }

  send(message: MemberMessage): void {
    if (this.#state.kind === 'attached' && this.#state.isNoted)
      this.ground.emit({ kind: 'to-router', attempt: this.#state.attempt, message });
  }

  /**
   * A number for the next question on this stream. Counted here and not by the role that asks: of two reigns
   * on one stream the second would take answers to the first one's questions for its own.
   */
  nextRequest(): number {
    invariant(this.#state.kind === 'attached', 'waits-for-superset', { state: this.#state.kind });
    this.#state.request += 1;
    return this.#state.request;
  }

  welcomed(): void {
    if (this.#state.kind !== 'opening') return;
    const { attempt } = this.#state;
    const { welcomedLife, identity } = this.ground;
    const isNoted = welcomedLife === undefined || welcomedLife === identity.lifeId;
    this.#failures = 0;
    this.#because = undefined;
    this.#state = {
      kind: 'attached',
      attempt,
      heardAt: this.ground.heardMs,
      pingAt: isNoted ? this.ground.now : Number.POSITIVE_INFINITY,
      isNoted,
      sequence: 0,
      request: 0,
    };
    this.heard();
  }

  /** The disk has this life as welcomed. The router waits for our first word. */
  noted(): void {
    if (this.#state.kind !== 'attached' || this.#state.isNoted) return;
    this.#state.isNoted = true;
    this.#ping(this.#state);
  }

  heard(): void {
    this.#heardAt = this.ground.heardMs;
    if (this.#state.kind === 'attached') this.#state.heardAt = this.ground.heardMs;
  }

  /** The stream is over. Tells an operator of a loss, and of the first failure in a row to find a router. */
  ended(because: Failure): void {
    const { ground, address } = this;
    const { detail } = because;
    this.#because = { reason: because.reason, detail: `router ${address}: ${detail}` };
    if (this.#state.kind === 'attached') {
      ground.report('router-lost', `lost the router at ${address}: ${detail}`);
      this.#state = { kind: 'down', retryAt: ground.now };
      return;
    }
    if (this.#failures === 0)
      ground.report('router-lost', `can't attach to the router at ${address}, goes on trying: ${detail}`);
    this.#state = { kind: 'down', retryAt: ground.now + (RETRY_MS[this.#failures] ?? LONGEST_RETRY_MS) };
    this.#failures += 1;
    this.#asked += 1;
  }

  /** The router does not take us, or must not be believed: lets go, asks the next one, and this one again later. */
  refused(because: Failure): void {
    if (this.#state.kind !== 'down') this.#giveUp(this.#state.attempt, because);
  }

  /** Tries again at once: what was refused has been changed. */
  retry(): void {
    if (this.#state.kind === 'down') this.#state = { kind: 'down', retryAt: this.ground.now };
  }

  close(): void {
    if (this.#state.kind === 'down') return;
    this.ground.emit({ kind: 'close-router', attempt: this.#state.attempt });
    this.#state = { kind: 'down', retryAt: Number.POSITIVE_INFINITY };
  }

  tick(): void {
    const { ground } = this;
    switch (this.#state.kind) {
      case 'down':
        if (ground.now >= this.#state.retryAt) this.#open();
        return;
      case 'opening':
        if (ground.now >= this.#state.until)
          this.#giveUp(this.#state.attempt, silence(`no welcome within ${WELCOME_TIMEOUT_MS} ms`));
        return;
      case 'attached': {
        const silentMs = ground.heardMs - this.#state.heardAt;
        if (silentMs >= ground.timing.deadAfterMs * ROUTER_SILENCE_FACTOR)
          this.#giveUp(this.#state.attempt, silence(`nothing heard for ${silentMs.toFixed(0)} ms`));
        else if (ground.now >= this.#state.pingAt) this.#ping(this.#state);
        return;
      }
    }
  }

  nextDeadline(): Instant {
    switch (this.#state.kind) {
      case 'down':
        return this.#state.retryAt;
      case 'opening':
        return this.#state.until;
      case 'attached':
        return this.#state.pingAt;
    }
  }

  #giveUp(attempt: Attempt, because: Failure): void {
    this.ground.emit({ kind: 'close-router', attempt });
    this.ended(because);
  }

  #open(): void {
    const { ground } = this;
    const { cluster, serverId, incarnation, journalId, lifeId, address } = ground.identity;
    this.#attempts += 1;
    this.#state = { kind: 'opening', attempt: this.#attempts, until: ground.now + WELCOME_TIMEOUT_MS };
    ground.emit({
      kind: 'open-router',
      attempt: this.#attempts,
      address: this.address,
      message: {
        kind: 'attach',
        networkId: ground.networkId,
        cluster,
        serverId,
        incarnation,
        journalId,
        lifeId,
        welcomedLife: ground.welcomedLife ?? '',
        address,
        epoch: ground.highestEpoch,
        revision: ground.revision,
        figures: ground.figures(),
        replicates: journalId !== '',
        attempt: this.#attempts,
      },
    });
  }

  #ping(state: Extract<State, { kind: 'attached' }>): void {
    state.sequence += 1;
    state.pingAt = this.ground.now + this.ground.timing.pingIntervalMs;
    this.send({ kind: 'ping', sequence: state.sequence, figures: this.ground.figures() });
  }
}

const silence = (detail: string): Failure => ({ reason: 'router-unreachable', detail });
