/**
 * Notices which other members of its cluster a server can't reach; its pings report them to the router.
 *
 * When a standby does not hear its primary, it first asks the other live in-sync members once, over
 * connections that are kept open. So its report is complete, and the router can distinguish a primary that is
 * cut off from a standby that is cut off. While the primary is heard no member is asked.
 */
import { type Assignment, type MemberInfo, primaryMember } from '../assignment.js';
import { type Epoch, NO_EPOCH, type ServerId } from '../ids.js';
import { memberServiceName } from '../member-service.js';
import type { RouterLink } from '../membership/router-link.js';
import type { ReplicaContext } from './replica-context.js';
import { JOIN_PATIENCE_FACTOR } from './standby-role.js';

/**
 * How long a round may take, in multiples of the time for one question: leaves time for a late driver.
 */
const ROUND_FACTOR = 2;

/** Names one question to another member; never used twice. */
export type PeerProbe = number;

export class Reachability {
  #epoch: Epoch = NO_EPOCH;
  /** Listening time at which the primary was last heard, or was assigned, ms. */
  #heardAt = 0;
  #isHeardInEpoch = false;
  /** Nothing listens at its port any more. */
  #isRefused = false;
  /**
   * Open questions of this round, and the result of the last complete round; undefined: none is complete yet.
   */
  readonly #asked = new Map<PeerProbe, ServerId>();
  #failed: ServerId[] = [];
  #found: readonly ServerId[] | undefined;
  #nextRoundAt = 0;
  #roundUntil = 0;
  #probes: PeerProbe = 0;

  constructor(
    readonly context: ReplicaContext,
    readonly router: RouterLink,
  ) {}

  /**
   * A message came from the primary that this standby follows, or wants to follow; or a snapshot is being
   * pulled from it.
   */
  heardPrimary(): void {
    this.#heardAt = this.context.heardMs;
    this.#isHeardInEpoch = true;
    this.#isRefused = false;
    this.#forget();
  }

  /** Nothing listens at the port of the primary that this standby followed: no need to wait for silence. */
  primaryRefuses(): void {
    this.#isRefused = true;
    this.tick();
  }

  /** Live members that can't be reached now. */
  get cannotReach(): readonly ServerId[] {
    const primary = this.#unheardPrimary();
    if (primary === undefined || this.#found === undefined) return [];
    return [primary.serverId, ...this.#found];
  }

  /** Called while this is a standby. */
  tick(): void {
    const { context } = this;
    const primary = this.#unheardPrimary();
    if (primary === undefined || context.assignment === undefined) return this.#forget();
    if (this.#asked.size > 0) return this.#giveUpLate();
    if (context.heardMs < this.#nextRoundAt) return;
    const others = this.#others(context.assignment, primary);
    this.#failed = [];
    this.#roundUntil = context.heardMs + ROUND_FACTOR * context.timing.deadAfterMs;
    for (const { serverId, incarnation, lifeId, address } of others) {
      this.#probes += 1;
      this.#asked.set(this.#probes, serverId);
      const service = memberServiceName({ cluster: context.identity.cluster, serverId, incarnation, lifeId });
      const timeoutMs = context.timing.deadAfterMs;
      context.emit({ kind: 'probe-member', probe: this.#probes, address, service, timeoutMs });
    }
    this.#endRoundIfOver();
  }

  probed(probe: PeerProbe, isReached: boolean): void {
    const serverId = this.#asked.get(probe);
    if (serverId === undefined) return;
    this.#asked.delete(probe);
    if (!isReached) this.#failed.push(serverId);
    this.#endRoundIfOver();
  }

  /** Questions that are not answered by now count as failed. */
  #giveUpLate(): void {
    if (this.context.heardMs < this.#roundUntil) return;
    this.#failed.push(...this.#asked.values());
    this.#asked.clear();
    this.#endRoundIfOver();
  }

  #endRoundIfOver(): void {
    if (this.#asked.size > 0) return;
    const isNews = this.#found === undefined;
    this.#found = this.#failed;
    this.#nextRoundAt = this.context.heardMs + this.context.timing.deadAfterMs;
    if (isNews) this.router.pingNow();
  }

  #forget(): void {
    this.#asked.clear();
    this.#found = undefined;
    this.#nextRoundAt = 0;
  }

  /**
   * The primary, if it has been silent for too long. Before its first message in an epoch it may take longer.
   * Also a primary that the router awaits after it was away: from the standbys' reports the router learns
   * whether it is gone.
   */
  #unheardPrimary(): MemberInfo | undefined {
    const { assignment, identity, heardMs, timing } = this.context;
    const named = assignment && primaryMember(assignment);
    const primary = assignment?.available === true || named?.live === false ? named : undefined;
    if (assignment === undefined || primary === undefined || primary.serverId === identity.serverId) {
      this.#epoch = NO_EPOCH;
      return undefined;
    }
    if (assignment.epoch !== this.#epoch) {
      this.#epoch = assignment.epoch;
      this.#heardAt = heardMs;
      this.#isHeardInEpoch = false;
      this.#isRefused = false;
      this.#forget();
    }
    if (this.#isRefused) return primary;
    const patienceMs = timing.deadAfterMs * (this.#isHeardInEpoch ? 1 : JOIN_PATIENCE_FACTOR);
    return heardMs - this.#heardAt >= patienceMs ? primary : undefined;
  }

  #others({ members }: Assignment, primary: MemberInfo): MemberInfo[] {
    const { serverId } = this.context.identity;
    return members.filter(
      (member) =>
        member.live && member.inSync && member.serverId !== serverId && member.serverId !== primary.serverId,
    );
  }
}
