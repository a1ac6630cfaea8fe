/**
 * Orders of operators for a cluster: pause failover, bring the cluster to rest, resume it, and forget a
 * member that does not come back.
 *
 * None of these loses anything acknowledged. A pause and a rest only prevent grants of epochs, and without a
 * grant the in-sync set stays as it is. The member that holds the epoch, which is in that set, is never
 * forgotten; another one of the set only when the operator accepts the loss explicitly.
 */
import { buildText, FEATURE_LEVELS } from '../build.js';
import { type ServerId, serverName } from '../ids.js';
import type { ClusterState } from './cluster-state.js';
import { atRestText } from './cluster-text.js';
import { withOnly, withSuspension } from './configuration.js';
import type { EpochGrants } from './epoch-grants.js';
import { isLive, levelOf, type Member } from './member.js';
import type { Refusal, RegistryLink } from './registry-messages.js';

const refusal = (detail: string): Refusal => ({ reason: 'invalid-argument', detail });

export class Orders {
  readonly #state: ClusterState;
  readonly #grants: EpochGrants;

  constructor(state: ClusterState, grants: EpochGrants) {
    this.#state = state;
    this.#grants = grants;
  }

  /** Returns the reason of a refusal. A paused cluster stays paused. */
  pause(): Refusal | undefined {
    const { suspended } = this.#state.configuration;
    if (suspended === 'resting') return refusal(atRestText(this.#state.title));
    if (suspended === undefined)
      this.#suspend('paused', 'no other server takes over from a primary that is lost');
    return undefined;
  }

  /**
   * Returns the stream on which to ask the primary to end; `resting` when it has ended; or why the cluster
   * can't rest.
   */
  rest(): RegistryLink | 'resting' | Refusal {
    const { title, isAvailable, primaryLink, primaryName } = this.#state;
    const { mode, suspended } = this.#state.configuration;
    if (mode === 'routed') return refusal(`${title} keeps no journal that could come to rest: pause it`);
    if (!isAvailable && suspended === 'resting') return 'resting';
    if (!isAvailable)
      return {
        reason: 'no-available-server',
        detail: `${title} can't come to rest in order: ${this.#grants.unavailableReason()}`,
      };
    const objection = this.#objectionToLevel(FEATURE_LEVELS.rest);
    if (objection !== undefined) return refusal(objection);
    if (primaryLink === undefined) return refusal(`${primaryName} has no stream to the router`);
    if (suspended !== 'resting') this.#suspend('resting', 'the primary ends, and no other takes over');
    return primaryLink;
  }

  /** Why an addition of this level can't be used, for operators; undefined: all members have the level. */
  #objectionToLevel(level: number): string | undefined {
    const { roster, title } = this.#state;
    const old = roster.all.filter((member) => (levelOf(member) ?? level) < level);
    if (old.length === 0) return undefined;
    const names = old.map(({ serverId, build }) => `${serverName(serverId)} (${buildText(build)})`);
    return `this needs level ${level} of all members of ${title}, also of those that are away, and these have less: ${names.join(', ')}. Upgrade them, or remove one that does not come back`;
  }

  /** A cluster that is not suspended stays as it is. */
  resume(): void {
    if (this.#state.configuration.suspended === undefined) return;
    this.#state.configure(withSuspension(this.#state.configuration, undefined));
    this.#state.remember('resumed', 'failover is automatic again, by an operator');
    this.#state.event('suspended', 'an operator lets it go on: failover is automatic again');
  }

  #suspend(suspension: 'paused' | 'resting', effect: string): void {
    this.#state.configure(withSuspension(this.#state.configuration, suspension));
    this.#state.remember(suspension, `by an operator: ${effect}`);
    const what = suspension === 'paused' ? 'pauses failover' : 'brings it to rest';
    this.#state.event('suspended', `an operator ${what}: ${effect}`);
  }

  /** Forgets a member. Returns the reason of a refusal. */
  remove(serverId: ServerId, acceptLoss: boolean): Refusal | undefined {
    const { roster, title } = this.#state;
    const member = roster.find(serverId);
    const name = serverName(serverId);
    if (member === undefined) return { reason: 'unknown-member', detail: `${title} knows no ${name}` };
    const objection = this.#objectionToRemove(member);
    if (objection !== undefined) return refusal(objection);
    const { inSync } = this.#state.configuration;
    const others = inSync.filter((copy) => copy.serverId !== serverId);
    if (others.length < inSync.length) {
      const rest = others.map((copy) => serverName(copy.serverId)).join(' and ');
      if (!acceptLoss)
        return refusal(
          `${name} has everything that was acknowledged, and besides it only ${rest}, and no primary serves now: if they are lost too, so are acknowledged writes. Accept that with --accept-loss`,
        );
      this.#state.configure(withOnly(this.#state.configuration, (copy) => copy.serverId !== serverId));
    }
    roster.remove(member);
    this.#state.remember('removed', `by an operator: ${name} does not come back`, serverId);
    this.#state.event('removed', `${name} is forgotten, as an operator has ordered`);
    return undefined;
  }

  #objectionToRemove(member: Member): string | undefined {
    const name = serverName(member.serverId);
    const { epoch, primary } = this.#state.configuration;
    if (isLive(member)) return `${name} is live at ${member.address}: stop it first`;
    if (member.presence.kind === 'awaited')
      return `not yet: the router was away and waits for ${name} to attach again`;
    if (primary?.serverId === member.serverId)
      return `${name} holds epoch ${epoch}, and another server has to take over first: ${this.#grants.unavailableReason()}`;
    if (this.#state.isHalted)
      return `not yet: an operator first has to decide which journal counts: ${this.#grants.unavailableReason()}`;
    return undefined;
  }
}
