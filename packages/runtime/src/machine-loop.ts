/**
 * Drives a machine: the loop of every driver, in production and in the simulator.
 *
 *     feed(input) ──► queue ──► machine.step ──► perform(output), in order ──► next of the queue
 *                       ▲                                                        │ empty
 *              tick ────┴──────────────── one timer, at nextDeadline() ◄─────────┘
 *
 * Performing an output may feed an input: that only adds to the queue, so outputs are performed in order.
 *
 * When a machine throws because an invariant is broken, or when a port throws, the loop stops: it is unknown
 * what the remaining outputs would do.
 */
import type { Instant, Machine, Tick } from '@dualping/core';
import type { Clock } from './clock.js';

/**
 * A timer that fires at most this much after the deadline is not set again, ms: timers are not more exact.
 */
const TIMER_SLACK_MS = 1;

const TICK: Tick = Object.freeze({ kind: 'tick' });

export interface LoopPorts<Input, Output> {
  readonly clock: Clock;
  readonly perform: (output: Output) => void;
  /** The outputs of this input have been performed. */
  readonly performed?: (input: Input | Tick, outputs: readonly Output[]) => void;
  /**
   * The machine or a port has thrown, and the loop has stopped. Without this port the error is thrown again:
   * to the caller of `feed`, or out of the timer, and then it ends the process.
   */
  readonly failed?: (error: unknown) => void;
}

export class MachineLoop<Input extends { readonly kind: string }, Output> {
  readonly #machine: Machine<Input, Output>;
  readonly #ports: LoopPorts<Input, Output>;
  readonly #inputs: (Input | Tick)[] = [];
  #running = false;
  #state: 'open' | 'closed' | 'stopped' = 'open';
  #timer: { readonly at: Instant; readonly cancel: () => void } | undefined;

  constructor(machine: Machine<Input, Output>, ports: LoopPorts<Input, Output>) {
    this.#machine = machine;
    this.#ports = ports;
  }

  /** Steps the machine with the input: at once, or after the outputs that are being performed. */
  feed(input: Input | Tick): void {
    if (this.#state !== 'open') return;
    this.#inputs.push(input);
    if (!this.#running) this.run(() => {});
  }

  /**
   * Does delayed work as part of the loop: inputs that it feeds go to the queue, and an error in it stops the
   * loop.
   */
  run(work: () => void): void {
    if (this.#state === 'stopped') return;
    if (this.#running) return work();
    this.#running = true;
    try {
      work();
      this.#stepThroughInputs();
    } catch (error) {
      this.stop();
      if (this.#ports.failed === undefined) throw error;
      this.#ports.failed(error);
    } finally {
      this.#running = false;
    }
    this.#arm();
  }

  /** Takes no more inputs, and no more ticks. Outputs that the machine has given are still performed. */
  close(): void {
    if (this.#state === 'open') this.#state = 'closed';
    this.#inputs.length = 0;
    this.#cancelTimer();
  }

  /**
   * Stops at once: nothing is fed or performed any more, not even the remaining outputs of the present step.
   */
  stop(): void {
    this.close();
    this.#state = 'stopped';
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #stepThroughInputs(): void {
    const { perform, performed } = this.#ports;
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
      const outputs = this.#machine.step(this.#ports.clock.now(), input);
      for (const output of outputs) {
        perform(output);
        if (this.#state === 'stopped') return;
      }
      performed?.(input, outputs);
    }
  }

  /**
   * Sets the timer. A timer that is too early stays: it fires, and is then set again. Machines often postpone
   * deadlines.
   */
  #arm(): void {
    if (this.#state !== 'open') return;
    const at = this.#machine.nextDeadline();
    if (at === undefined) return this.#cancelTimer();
    if (this.#timer !== undefined && this.#timer.at <= at + TIMER_SLACK_MS) return;
    this.#cancelTimer();
    this.#timer = { at, cancel: this.#ports.clock.setTimer(at, () => this.#fired()) };
  }

  #fired(): void {
    this.#timer = undefined;
    const due = this.#machine.nextDeadline();
    if (due !== undefined && due <= this.#ports.clock.now()) this.feed(TICK);
    else this.#arm();
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
