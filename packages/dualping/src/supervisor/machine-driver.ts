/** Feeds a machine of supervision, does what it says in order, and arms one timer. */
import type { SupervisionMachine } from '@dualping/core';

/** Longest the timer is armed for, ms: setTimeout overflows at 2^31. */
const MAX_TIMER_MS = 60_000;

export class MachineDriver<Input extends { readonly kind: string }, Output> {
  readonly #inputs: (Input | { readonly kind: 'tick' })[] = [];
  #running = false;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly machine: SupervisionMachine<Input | { readonly kind: 'tick' }, Output>,
    readonly perform: (output: Output) => void,
  ) {}

  feed(input: Input | { readonly kind: 'tick' }): void {
    if (this.#ended) return;
    this.#inputs.push(input);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift())
        for (const output of this.machine.step(performance.now(), next)) this.perform(output);
    } finally {
      this.#running = false;
    }
    this.#arm();
  }

  /** Nothing is fed or performed any more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const deadline = this.#ended ? undefined : this.machine.nextDeadline();
    if (deadline === undefined) return;
    const waitMs = Math.min(Math.max(0, deadline - performance.now()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.feed({ kind: 'tick' }), waitMs);
  }
}
