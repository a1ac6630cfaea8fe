/**
 * Feeds the registry and performs what it says.
 *
 * Outputs are performed in order, and a `persist` is durable before anything after it is performed. While
 * one write is under way further inputs are stepped and their outputs queue up; then all persists
 * of the queue are made durable with one write (group commit), and the rest follows in order. Only what `overtakes`
 * is performed at once: members hear the router, and clients what is durable already, however long its disk takes.
 */
import type {
  ClusterId,
  ClusterRecord,
  Instant,
  Registry,
  RegistryInput,
  RegistryOutput,
} from '@dualping/core';

/** What is said to others: every output but `persist`. */
export type SpokenOutput = Exclude<RegistryOutput, { readonly kind: 'persist' }>;

export interface DriverPorts {
  /** When it resolves, the records are durable. Never called again before it does. */
  readonly persist: (records: readonly ClusterRecord[]) => Promise<void>;
  readonly perform: (output: SpokenOutput) => void;
  /** It can't go on: storage failed, or an invariant is broken. Called once, and nothing is performed after it. */
  readonly failed: (error: unknown) => void;
}

/** Earlier by less than this, and the timer that is set will do, ms: a timer is not more exact than that. */
const TIMER_SLACK_MS = 1;

export class RegistryDriver {
  readonly #registry: Registry;
  readonly #ports: DriverPorts;
  #queue: RegistryOutput[] = [];
  #performing = false;
  #stopped = false;
  #timer: { readonly at: Instant; readonly handle: NodeJS.Timeout } | undefined;
  #onIdle: (() => void) | undefined;

  constructor(registry: Registry, ports: DriverPorts) {
    this.#registry = registry;
    this.#ports = ports;
  }

  /** After `stop` nothing happens any more. */
  step(input: RegistryInput): void {
    if (this.#stopped) return;
    try {
      // One by one: a failover of a full router has more outputs than a call may have arguments.
      for (const output of this.#registry.step(performance.now(), input))
        if ('overtakes' in output && output.overtakes) this.#ports.perform(output);
        else this.#queue.push(output);
      this.#arm();
    } catch (error) {
      return this.#fail(error);
    }
    this.#drain();
  }

  /** Takes no more inputs. Resolves when what they led to before has been performed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer?.handle);
    if (!this.#performing) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #fail(error: unknown): void {
    this.#stopped = true;
    this.#queue = [];
    clearTimeout(this.#timer?.handle);
    this.#ports.failed(error);
    this.#idle();
  }

  #idle(): void {
    this.#performing = false;
    this.#onIdle?.();
  }

  /** Performing may step again, from within: that only adds to the queue. */
  #drain(): void {
    if (this.#performing) return;
    this.#performing = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      const records = latestRecords(batch);
      if (records.length > 0) {
        this.#ports.persist(records).then(
          () => {
            this.#perform(batch);
            this.step({ kind: 'told', records });
            this.#performing = false;
            this.#drain();
          },
          (error: unknown) => this.#fail(error),
        );
        return;
      }
      this.#perform(batch);
    }
    this.#idle();
  }

  #perform(batch: readonly RegistryOutput[]): void {
    for (const output of batch) if (output.kind !== 'persist') this.#ports.perform(output);
  }

  /** A timer that is set too early is left: it fires, and is set anew. Pings would reset it all the time. */
  #arm(): void {
    const at = this.#registry.nextDeadline();
    if (at === undefined || (this.#timer !== undefined && this.#timer.at <= at + TIMER_SLACK_MS)) return;
    clearTimeout(this.#timer?.handle);
    const handle = setTimeout(
      () => {
        this.#timer = undefined;
        this.step({ kind: 'tick' });
      },
      Math.ceil(Math.max(0, at - performance.now())),
    );
    this.#timer = { at, handle };
  }
}

/** Of each cluster the last: it says all that the ones before it said. */
function latestRecords(batch: readonly RegistryOutput[]): ClusterRecord[] {
  const latest = new Map<ClusterId, ClusterRecord>();
  for (const output of batch) if (output.kind === 'persist') latest.set(output.record.cluster, output.record);
  return [...latest.values()];
}
