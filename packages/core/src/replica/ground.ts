/** What all parts of one replica stand on: its identity, its ledger, the time, and where outputs go. */
import type { Assignment } from '../assignment.js';
import type { Epoch, Instant, NetworkId } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';
import type { Figures } from '../messages.js';
import { Ledger } from './ledger.js';
import type {
  ReplicaEvent,
  ReplicaIdentity,
  ReplicaOutput,
  ReplicaStart,
  ReplicaTiming,
} from './messages.js';

/** A step longer than this many ping intervals means that we were away, not that the others were silent. */
const MAX_LISTENING_STEP_PINGS = 2;

export class Ground {
  readonly identity: ReplicaIdentity;
  readonly ledger: Ledger;
  readonly #clock: ListeningClock;
  #outputs: ReplicaOutput[] = [];
  timing: ReplicaTiming;
  networkId: NetworkId | '';
  now: Instant = 0;
  /** The newest that the router has told. */
  assignment: Assignment | undefined;
  /** The highest epoch seen anywhere. */
  highestEpoch: Epoch;
  /** Posts acknowledged since the start. */
  postsAccepted = 0;
  /** How many timelines are open now. */
  timelines: () => number = () => 0;

  constructor(start: ReplicaStart, timing: ReplicaTiming) {
    this.identity = start.identity;
    this.networkId = start.identity.networkId;
    this.ledger = new Ledger(start);
    this.timing = timing;
    this.#clock = new ListeningClock(timing.pingIntervalMs * MAX_LISTENING_STEP_PINGS);
    this.highestEpoch = this.ledger.outline.lastEpoch;
  }

  /** Time that we were there to listen, ms: what silence is measured in. */
  get heardMs(): number {
    return this.#clock.heardMs;
  }

  advanceTo(now: Instant): void {
    this.now = now;
    this.#clock.advance(now);
  }

  figures(): Figures {
    const { outline, committed, checksum } = this.ledger;
    return {
      durable: outline.durable,
      committed,
      checksum,
      timelines: this.timelines(),
      postsAccepted: this.postsAccepted,
    };
  }

  see(epoch: Epoch): void {
    if (epoch > this.highestEpoch) this.highestEpoch = epoch;
  }

  emit(...outputs: readonly ReplicaOutput[]): void {
    this.#outputs.push(...outputs);
  }

  report(event: ReplicaEvent, text: string): void {
    this.emit({ kind: 'report', event, text });
  }

  takeOutputs(): readonly ReplicaOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }
}
