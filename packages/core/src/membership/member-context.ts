/**
 * What a membership shares with its stream: its identity, what it has seen, the time, and where outputs go.
 */
import { type Epoch, type Instant, type NetworkId, NO_EPOCH, type ServerId } from '../ids.js';
import { NO_STATS, type Stats } from '../messages.js';
import type { MemberIdentity, MembershipOutput } from './membership-messages.js';
import { type MemberTiming, Pace } from './pace.js';
import type { RouterLinkContext } from './router-link.js';

export class MemberContext implements RouterLinkContext {
  readonly pace: Pace;
  /** A member without a journal keeps nothing, so there are no older copies of it. */
  readonly welcomedLife = undefined;
  /** It leaves at once when it is asked to stop. */
  readonly isStopping = false;
  /** The revision of the newest assignment that it knows. */
  revision = 0;
  /** Empty until a router has named it. */
  networkId: NetworkId | '' = '';
  highestEpoch: Epoch = NO_EPOCH;
  #outputs: MembershipOutput[] = [];

  constructor(
    readonly identity: MemberIdentity,
    timing: MemberTiming,
  ) {
    this.pace = new Pace(timing);
  }

  get now(): Instant {
    return this.pace.now;
  }

  get heardMs(): number {
    return this.pace.heardMs;
  }

  get timing(): MemberTiming {
    return this.pace.timing;
  }

  stats(): Stats {
    return NO_STATS;
  }

  /** Members without a journal don't talk to each other. */
  get cannotReach(): readonly ServerId[] {
    return [];
  }

  emit(output: MembershipOutput): void {
    this.#outputs.push(output);
  }

  /** Reports no events: the published state has everything. */
  report(): void {}

  takeOutputs(): readonly MembershipOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}
