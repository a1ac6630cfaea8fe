/** Drives leadership of a router: what each output means, in terms of a shared store and other routers. */
import {
  type Address,
  type Belongings,
  belongings,
  belongingsOf,
  type Campaign,
  LEASE_MS,
  type Leader,
  type Leadership,
  type LeadershipEvent,
  type LeadershipInput,
  type LeadershipOutput,
  leaderKeyFrom,
  type Objection,
  readStanding,
  type StoredKey,
  type Term,
  takeover,
  takeoverResult,
  UNCONFIRMED_MS,
  unreachable,
} from '@dualping/core';
import type { Clock } from './clock.js';
import { FencedStore } from './fenced-store.js';
import { MachineLoop } from './machine-loop.js';
import type { Cancel } from './session-driver.js';
import { isFailed, type SharedStore, type TransactionOutcome, tryUntilAnswered } from './shared-store.js';

export interface PeerListener {
  /** The other router's message: whether it leads in this term, confirmed by the store. */
  sign(term: Term, leads: boolean): void;
  /** Called once; not after a cancel. */
  ended(): void;
}

/** How a router reaches the others. */
export interface Peers {
  /** Holds a stream on which the router at this address says whether it leads. */
  hear(address: Address, listener: PeerListener): Cancel;
  /** `refused`: nothing listens there. Answers once, soon. */
  probe(address: Address, answer: (refused: boolean) => void): void;
}

export interface LeadershipPorts {
  readonly clock: Clock;
  readonly store: SharedStore;
  readonly peers: Peers;
  /**
   * Judges the header of the store, undefined where there is none: whether this router may lead what the
   * store has. Asked with each read, and before it leads.
   */
  objectionTo(header: StoredKey | undefined): Objection;
  /** From now on this router leads, with the state in the store. */
  lead(store: FencedStore): void;
  /** No more messages in that term. `done` when its streams and calls have been ended. */
  stepDown(why: string, done: () => void): void;
  /** From now on this is the answer to callers. */
  leaderIs(leader: Leader | undefined): void;
  report(event: LeadershipEvent, text: string): void;
  /** It can't go on. Called once. */
  failed(error: unknown): void;
}

export class LeadershipDriver {
  readonly #ports: LeadershipPorts;
  readonly #loop: MachineLoop<LeadershipInput, LeadershipOutput>;
  /** The state that the won campaign has read. */
  #won: Belongings | undefined;
  #reign: FencedStore | undefined;
  #leavePeer: Cancel | undefined;
  #onResigned: (() => void) | undefined;

  constructor(leadership: Leadership, ports: LeadershipPorts) {
    this.#ports = ports;
    this.#loop = new MachineLoop(leadership, {
      clock: ports.clock,
      perform: (output) => this.#perform(output),
      performed: () => {
        if (leadership.hasResigned) this.#onResigned?.();
      },
      failed: (error) => this.#fail(error),
    });
  }

  start(): void {
    this.#loop.feed({ kind: 'tick' });
  }

  /** Asks that another router lead. Without effect if this one does not lead. */
  handOver(): void {
    this.#loop.feed({ kind: 'hand-over' });
  }

  /** Whether this router hears any member now: one that hears none any more lets another one lead. */
  hearsMembers(hears: boolean): void {
    this.#loop.feed({ kind: 'hears-members', hears });
  }

  /** Stops leading permanently; resolves when another router may lead. */
  async resign(): Promise<void> {
    const resigned = new Promise<void>((resolve) => {
      this.#onResigned = resolve;
    });
    this.#loop.feed({ kind: 'resign' });
    if (!this.#loop.isStopped) await resigned;
    this.stop();
  }

  /** Nothing is performed any more. */
  stop(): void {
    this.#loop.stop();
    this.#reign?.stop();
    this.#leavePeer?.();
    this.#leavePeer = undefined;
  }

  #fail(error: unknown): void {
    this.stop();
    this.#ports.failed(error);
    this.#onResigned?.();
  }

  #perform(output: LeadershipOutput): void {
    const { store, peers } = this.#ports;
    switch (output.kind) {
      case 'grant-lease':
        return store.grantLease(LEASE_MS, (lease) =>
          this.#feed(
            isFailed(lease)
              ? { kind: 'lease-failed', detail: lease.detail }
              : { kind: 'lease-granted', lease },
          ),
        );
      case 'renew-lease': {
        const { lease } = output;
        return store.renewLease(lease, (stands) =>
          this.#feed(
            isFailed(stands)
              ? { kind: 'lease-failed', detail: stands.detail }
              : { kind: 'lease-renewed', lease, stands },
          ),
        );
      }
      case 'end-lease':
        return store.endLease(output.lease);
      case 'read':
        return this.#read();
      case 'campaign':
        return this.#campaign(output.campaign);
      case 'hear-peer':
        return this.#hear(output.term, output.address);
      case 'leave-peer':
        return this.#leave();
      case 'probe-peer': {
        const { term, address } = output;
        return peers.probe(address, (refused) => this.#feed({ kind: 'peer-probed', term, refused }));
      }
      case 'lead':
        return this.#lead(output.term);
      case 'step-down':
        this.#reign?.stop();
        this.#reign = undefined;
        return this.#ports.stepDown(output.why, () => this.#feed({ kind: 'stepped-down' }));
      case 'leader-is':
        return this.#ports.leaderIs(output.leader);
      case 'report':
        return this.#ports.report(output.event, output.text);
      default:
        return unreachable(output);
    }
  }

  #feed(input: LeadershipInput): void {
    this.#loop.feed(input);
  }

  #read(): void {
    this.#try(readStanding, (outcome, askedAt) => {
      if (outcome.kind !== 'answered') return this.#feed({ kind: 'read-failed', detail: outcome.detail });
      const [leader, header] = outcome.answer.found;
      const objection = this.#ports.objectionTo(header?.[0]);
      this.#feed({ kind: 'read', askedAt, ...leaderKeyFrom(leader), ...(objection && { objection }) });
    });
  }

  #campaign(campaign: Campaign): void {
    this.#try(takeover(campaign), (outcome, askedAt) => {
      if (outcome.kind !== 'answered') return this.#feed({ kind: 'campaign-failed', detail: outcome.detail });
      const result = takeoverResult(campaign, outcome.answer);
      switch (result.kind) {
        case 'won':
          return this.#tookOver(result.belongings, askedAt);
        case 'won-before':
          return this.#readBelongings(result.term);
        case 'lost':
          return this.#feed({ ...result, askedAt });
        default:
          return unreachable(result);
      }
    });
  }

  #readBelongings(term: Term): void {
    this.#try(belongingsOf(term), (outcome, askedAt) => {
      if (outcome.kind !== 'answered') return this.#feed({ kind: 'campaign-failed', detail: outcome.detail });
      const { succeeded, found } = outcome.answer;
      if (!succeeded) return this.#feed({ kind: 'lost', ...leaderKeyFrom(found[0]), askedAt });
      this.#tookOver(belongings(term, found), askedAt);
    });
  }

  #tookOver(found: Belongings, askedAt: number): void {
    const objection = this.#ports.objectionTo(found.header);
    if (objection !== undefined) return this.#feed({ kind: 'won-in-vain', objection });
    this.#won = found;
    this.#feed({ kind: 'won', term: found.term, askedAt });
  }

  /** Tries for as long as a leader may be unconfirmed. */
  #try(
    transaction: Parameters<typeof tryUntilAnswered>[0],
    outcome: (outcome: TransactionOutcome, askedAt: number) => void,
  ): void {
    const { clock, store } = this.#ports;
    const until = clock.now() + UNCONFIRMED_MS;
    tryUntilAnswered(transaction, {
      clock,
      store,
      goOn: () => !this.#loop.isStopped && clock.now() < until,
      outcome: (result, askedAt) => this.#loop.run(() => outcome(result, askedAt)),
    });
  }

  #lead(term: Term): void {
    if (this.#won?.term !== term) throw new Error(`nothing was found of term ${term}`);
    this.#reign = new FencedStore(this.#won, {
      clock: this.#ports.clock,
      store: this.#ports.store,
      confirmed: (askedAt) => this.#feed({ kind: 'confirmed', term, askedAt }),
      overwrites: (key) => this.#ports.report('store-overwritten', overwrittenText(key)),
      fenced: (detail) => this.#feed({ kind: 'fenced', term, detail }),
    });
    this.#won = undefined;
    this.#ports.lead(this.#reign);
  }

  #hear(term: Term, address: Address): void {
    this.#leave();
    this.#leavePeer = this.#ports.peers.hear(address, {
      sign: (itsTerm, leads) => this.#feed({ kind: 'peer-sign', term: itsTerm, leads }),
      ended: () => {
        this.#leavePeer = undefined;
        this.#feed({ kind: 'peer-ended', term });
      },
    });
  }

  #leave(): void {
    this.#leavePeer?.();
    this.#leavePeer = undefined;
  }
}

const overwrittenText = (key: string): string =>
  `something that is no router has changed or deleted key "${key}" of the store: this leader writes its own record over it`;
