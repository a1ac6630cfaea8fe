/**
 * Drives the registry: performs each of its outputs, and makes records durable before it performs what
 * follows them.
 *
 * Outputs are performed in order, and a `persist` is durable before anything after it is performed. While a
 * write runs, more inputs are stepped and their outputs wait. Then one write makes all records that
 * wait durable (group commit), and the other outputs follow in order. Only outputs with `overtakes` are
 * performed at once. So while the disk is slow members still hear the router, and clients still get durable
 * assignments.
 *
 * A router that shares its store with others may have been deposed without knowing it. So before each message
 * comes a change, or a read that began after the question (`RegistryFence`): a stale answer could end a
 * healthy server. Only pongs overtake, for as long as the fence allows it.
 */
import {
  type Assignment,
  type ClusterId,
  type ClusterRecord,
  type Failure,
  type Machine,
  type RegistryAnswer,
  type RegistryEvent,
  type RegistryInput,
  type RegistryLink,
  type RegistryOutput,
  type RegistryToken,
  type RouterMessage,
  unreachable,
  type WallTimeMs,
} from '@dualping/core';
import type { Clock } from './clock.js';
import { MachineLoop } from './machine-loop.js';

export interface RegistryPorts {
  readonly clock: Clock;
  /** For operators; may go back. */
  readonly wallTime: () => WallTimeMs;
  /** Undefined: no other router has this store. */
  readonly fence?: RegistryFence;
  /** Calls one of the two callbacks, once. `persist` is not called again before that. */
  persist(records: readonly ClusterRecord[], durable: () => void, failed: (error: unknown) => void): void;
  send(link: RegistryLink, message: RouterMessage): void;
  close(link: RegistryLink): void;
  answer(token: RegistryToken, answer: RegistryAnswer): void;
  refuse(token: RegistryToken, failure: Failure): void;
  /** From now on this may be announced. */
  changed(assignment: Assignment): void;
  /** Dials the member; the answer is a `probed`. */
  probe(question: Extract<RegistryOutput, { readonly kind: 'probe' }>): void;
  /** What is wrong with the router itself; undefined: nothing is wrong any more. */
  troubled(detail: string | undefined): void;
  report(event: RegistryEvent): void;
  /** For a router of several: whether any member is heard now. Called when that changes; at first none is. */
  hears?(hears: boolean): void;
  /**
   * The registry can't go on: a write failed, or an invariant is broken. Called once; no port is called after
   * it.
   */
  failed(error: unknown): void;
}

/** For a router that leads among several. */
export interface RegistryFence {
  /**
   * Calls `confirmed` when this router has led at some moment after the call; never, if it no longer leads.
   */
  confirm(confirmed: () => void): void;
  /** Whether a pong may be sent now, on which a member without a journal stays primary. */
  mayPong(): boolean;
}

/** The registry gets the wall clock when it differs by this much from the expected time, ms. */
const WALL_CLOCK_SLACK_MS = 1_000;

export class RegistryDriver {
  readonly #ports: RegistryPorts;
  readonly #loop: MachineLoop<RegistryInput, RegistryOutput>;
  /** Outputs that wait for the running write, or for their own. */
  #waiting: RegistryOutput[] = [];
  /** Whether a write, or a read of the fence, runs. */
  #isWriting = false;
  #onIdle: (() => void) | undefined;
  /** Clusters with live members. */
  readonly #live = new Set<ClusterId>();
  /** No member is heard on any stream, though some may be live. */
  #isQuiet = false;
  #hears = false;
  /** By how much the wall clock was ahead of `clock` when the registry got it last. */
  #wallIsAheadMs = Number.NEGATIVE_INFINITY;

  constructor(registry: Machine<RegistryInput, RegistryOutput>, ports: RegistryPorts) {
    this.#ports = ports;
    this.#loop = new MachineLoop(registry, {
      clock: ports.clock,
      perform: (output) => {
        if (this.#overtakes(output)) this.#performUnfenced(output);
        else this.#waiting.push(output);
      },
      performed: () => this.#performWaiting(),
      failed: (error) => this.#fail(error),
    });
  }

  feed(input: RegistryInput): void {
    this.#tellWallTime();
    this.#loop.feed(input);
  }

  #tellWallTime(): void {
    const { clock, wallTime } = this.#ports;
    const timeMs = wallTime();
    const aheadMs = timeMs - clock.now();
    if (Math.abs(aheadMs - this.#wallIsAheadMs) < WALL_CLOCK_SLACK_MS) return;
    this.#wallIsAheadMs = aheadMs;
    this.#loop.feed({ kind: 'wall-time', timeMs });
  }

  /** Takes no more inputs. Resolves when all outputs so far have been performed. */
  async drain(): Promise<void> {
    this.#loop.close();
    if (!this.#isWriting) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Stops at once: nothing is performed any more. */
  stop(): void {
    this.#loop.stop();
    this.#waiting = [];
  }

  #overtakes(output: RegistryOutput): boolean {
    if (!('overtakes' in output) || !output.overtakes) return false;
    return this.#ports.fence === undefined || isPong(output);
  }

  #performUnfenced(output: RegistryOutput): void {
    if (this.#ports.fence?.mayPong() !== false) this.#perform(output);
  }

  #fail(error: unknown): void {
    this.stop();
    // `drain` must not wait for a failed write, whether it was called before or is called later.
    this.#isWriting = false;
    this.#ports.failed(error);
    this.#onIdle?.();
  }

  #performWaiting(): void {
    while (!this.#isWriting && this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const records = latestRecords(batch);
      const { fence } = this.#ports;
      if (records.length === 0 && (fence === undefined || !batch.some(isWord))) {
        this.#performAll(batch);
        continue;
      }
      this.#isWriting = true;
      if (records.length === 0) {
        fence?.confirm(() => this.#loop.run(() => this.#written(batch, records)));
        continue;
      }
      this.#ports.persist(
        records,
        () => this.#loop.run(() => this.#written(batch, records)),
        (error) => this.#fail(error),
      );
    }
  }

  #written(batch: readonly RegistryOutput[], records: readonly ClusterRecord[]): void {
    this.#performAll(batch);
    this.#isWriting = false;
    if (records.length > 0) this.#loop.feed({ kind: 'told', records });
    this.#performWaiting();
    if (!this.#isWriting) this.#onIdle?.();
  }

  #performAll(batch: readonly RegistryOutput[]): void {
    for (const output of batch) {
      if (this.#loop.isStopped) return;
      this.#perform(output);
    }
  }

  #perform(output: RegistryOutput): void {
    const ports = this.#ports;
    switch (output.kind) {
      case 'persist':
        return; // durable already
      case 'send':
        return ports.send(output.link, output.message);
      case 'close':
        return ports.close(output.link);
      case 'answer':
        return ports.answer(output.token, output.answer);
      case 'refuse':
        return ports.refuse(output.token, { reason: output.reason, detail: output.detail });
      case 'changed':
        this.#noteLive(output.assignment);
        return ports.changed(output.assignment);
      case 'probe':
        return ports.probe(output);
      case 'trouble':
        return ports.troubled(output.detail);
      case 'report':
        this.#noteQuiet(output.event);
        return ports.report(output.event);
      default:
        return unreachable(output);
    }
  }

  #noteLive({ cluster, members }: Assignment): void {
    if (members.some(({ live }) => live)) this.#live.add(cluster);
    else this.#live.delete(cluster);
    this.#tellHearing();
  }

  #noteQuiet({ event }: RegistryEvent): void {
    if (event !== 'hears-nobody' && event !== 'hears-again') return;
    this.#isQuiet = event === 'hears-nobody';
    this.#tellHearing();
  }

  #tellHearing(): void {
    const hears = this.#live.size > 0 && !this.#isQuiet;
    if (hears === this.#hears) return;
    this.#hears = hears;
    this.#ports.hears?.(hears);
  }
}

const isPong = (output: RegistryOutput): boolean => output.kind === 'send' && output.message.kind === 'pong';

/** Whether the output is a message to another part. */
function isWord({ kind }: RegistryOutput): boolean {
  return kind === 'send' || kind === 'close' || kind === 'answer' || kind === 'refuse' || kind === 'changed';
}

/** The last record of each cluster, which replaces the earlier ones. */
function latestRecords(batch: readonly RegistryOutput[]): ClusterRecord[] {
  const latest = new Map<ClusterId, ClusterRecord>();
  for (const output of batch) if (output.kind === 'persist') latest.set(output.record.cluster, output.record);
  return [...latest.values()];
}
