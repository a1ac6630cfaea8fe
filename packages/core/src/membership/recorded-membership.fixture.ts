/** One membership. The test itself acts as the routers; outputs are given as lines. */
import {
  type Assignment,
  DEFAULT_TIMING,
  epoch,
  type MemberState,
  Membership,
  type MembershipInput,
  type MembershipOptions,
  type MembershipOutput,
  type Reason,
  type RouterMessage,
  serverId,
} from '../index.js';

/** The life id of every member here: the tests are about incarnations. */
const LIFE = 'life';

export interface Told {
  readonly epoch: number;
  readonly primary: number;
  readonly revision?: number;
  readonly incarnation?: number;
  readonly available?: boolean;
}

/** Of a routed cluster with members 1 and 2. */
export const routed = ({ epoch: number, primary, revision, incarnation, available }: Told): Assignment => ({
  cluster: 1,
  revision: revision ?? number,
  epoch: epoch(number),
  primary: { serverId: serverId(primary), incarnation: incarnation ?? 1, journalId: '', lifeId: LIFE },
  available: available ?? true,
  unavailableReason: '',
  lastUncleanEpoch: epoch(0),
  inSync: [],
  members: [1, 2].map((id) => ({
    serverId: serverId(id),
    incarnation: 1,
    journalId: '',
    lifeId: LIFE,
    address: `s${id}`,
    liveness: 'stream',
    live: true,
    inSync: false,
    unreachable: false,
  })),
});

export class RecordedMembership {
  readonly membership: Membership;
  now = 0;
  /** The last attempt at each router, and at any. */
  readonly #routers = new Map<string, number>();
  #attempt = 0;
  #sequence = 0;

  constructor(options: Partial<MembershipOptions> = {}) {
    this.membership = new Membership({
      routers: ['r1'],
      cluster: 1,
      serverId: 2,
      incarnation: 1,
      incarnationIsTime: false,
      lifeId: LIFE,
      address: 's2:1',
      ...options,
    });
  }

  step(input: MembershipInput): string[] {
    return this.membership.step(this.now, input).map((output) => {
      if (output.kind === 'open-router') {
        this.#attempt = output.attempt;
        this.#routers.set(output.address, output.attempt);
      }
      if (output.kind === 'to-router' && output.message.kind === 'ping')
        this.#sequence = output.message.sequence;
      return lineOf(output);
    });
  }

  start = (): string[] => this.step({ kind: 'tick' });
  leave = (): string[] => this.step({ kind: 'leave' });

  /** To the next deadline. */
  tick(): string[] {
    this.now = Math.max(this.now, this.membership.nextDeadline() ?? Infinity);
    return this.step({ kind: 'tick' });
  }

  /** From the router that was dialled last, or from the one of that address. */
  router = (message: RouterMessage, address?: string): string[] =>
    this.step({ kind: 'router-message', attempt: this.#attemptAt(address), message });

  ended = (reason: Reason = 'router-unreachable', detail = 'gone', address?: string): string[] =>
    this.step({ kind: 'router-ended', attempt: this.#attemptAt(address), reason, detail });

  welcome = (told: Told, address?: string): string[] =>
    this.router(
      {
        kind: 'welcome',
        networkId: 'net',
        clusters: 1,
        ...DEFAULT_TIMING,
        assignment: routed(told),
      },
      address,
    );

  assigned = (told: Told): string[] =>
    this.router({ kind: 'assignment', assignment: routed(told), lastRequest: 0 });

  refused = (reason: Reason, networkId = 'net'): string[] =>
    this.router({ kind: 'refused', networkId, reason, detail: 'because' });

  /** To the ping of `sequence`, or to the last one. */
  pong = (pingIntervalMs: number = DEFAULT_TIMING.pingIntervalMs, sequence = this.#sequence): string[] =>
    this.router({ kind: 'pong', sequence, pingIntervalMs });

  #attemptAt(address: string | undefined): number {
    return address === undefined ? this.#attempt : (this.#routers.get(address) ?? 0);
  }
}

function lineOf(output: MembershipOutput): string {
  switch (output.kind) {
    case 'open-router':
      return `dials ${output.address}`;
    case 'to-router':
      return `says ${output.message.kind}`;
    case 'close-router':
      return 'hangs up';
    case 'state':
      return textOf(output.state);
  }
}

function textOf(state: MemberState): string {
  switch (state.kind) {
    case 'connecting':
      return `connecting to ${state.router}${state.because === undefined ? '' : ` (${state.because.reason}: ${state.because.detail})`}`;
    case 'attached':
      return `${state.isPrimary ? 'primary' : 'attached'} in epoch ${state.epoch}`;
    case 'failed':
      return `failed: ${state.because.reason}: ${state.because.detail}`;
    case 'left':
      return 'left';
  }
}
