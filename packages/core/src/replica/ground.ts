/** What all parts of one replica stand on: its identity, its ledger, the time, and where outputs go. */
import type { Assignment } from '../assignment.js';
import type { ClusterId, Epoch, Instant, NetworkId } from '../ids.js';
import { ListeningClock } from '../listening-clock.js';
import type { Figures } from '../messages.js';
import { MIN_PINGS_BEFORE_DEAD } from '../timing.js';
import { Ledger } from './ledger.js';
import type {
  Attempt,
  ReplicaEvent,
  ReplicaIdentity,
  ReplicaOutput,
  ReplicaStart,
  ReplicaTiming,
} from './messages.js';

/**
 * How much of one step of time counts as listening. Two pings, so that a turn which comes late is not lost;
 * but never so much that one step alone would make somebody silent who was heard a moment before we were away.
 */
const listeningStepMs = ({ pingIntervalMs, deadAfterMs }: ReplicaTiming): number =>
  Math.min(2 * pingIntervalMs, deadAfterMs - (MIN_PINGS_BEFORE_DEAD - 1) * pingIntervalMs);

export class Ground {
  readonly identity: ReplicaIdentity;
  readonly ledger: Ledger;
  readonly #clock: ListeningClock;
  #outputs: ReplicaOutput[] = [];
  #timing: ReplicaTiming;
  /** What the router told; what counts is longer when pings are rare. */
  #toldDeadAfterMs: number;
  networkId: NetworkId | '';
  now: Instant = 0;
  /** The newest that the router has told. */
  assignment: Assignment | undefined;
  /** Of the other clusters the newest that the router has told. */
  readonly others = new Map<ClusterId, Assignment>();
  #tailAttempts: Attempt = 0;
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
    this.#timing = timing;
    this.#toldDeadAfterMs = timing.deadAfterMs;
    this.#clock = new ListeningClock(listeningStepMs(timing));
    this.highestEpoch = this.ledger.outline.lastEpoch;
  }

  /** Time that we were there to listen, ms: what silence is measured in. */
  get heardMs(): number {
    return this.#clock.heardMs;
  }

  get timing(): ReplicaTiming {
    return this.#timing;
  }

  /** The router has told how often to ping; and at the beginning also how long a silence means the end. */
  keepTime(pingIntervalMs: number, toldDeadAfterMs: number = this.#toldDeadAfterMs): void {
    this.#toldDeadAfterMs = toldDeadAfterMs;
    const deadAfterMs = Math.max(toldDeadAfterMs, MIN_PINGS_BEFORE_DEAD * pingIntervalMs);
    this.#timing = { pingIntervalMs, deadAfterMs };
    this.#clock.maxStepMs = listeningStepMs(this.#timing);
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

  /** Numbers the streams to other clusters over all reigns, so that a late word from an old one is known as such. */
  nextTailAttempt(): Attempt {
    this.#tailAttempts += 1;
    return this.#tailAttempts;
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
