/** How long people waited at each fault, as a table. */
import { percentile } from '../statistics.js';

export class TakeoverTable {
  readonly #rows = new Map<string, number[]>();

  add(fault: string, ms: number): void {
    this.#rows.set(fault, [...(this.#rows.get(fault) ?? []), ms]);
  }

  render(): string {
    const shown = (ms: number): string => String(Math.round(ms)).padStart(8);
    const width = Math.max(...[...this.#rows.keys()].map((fault) => fault.length));
    const lines = [...this.#rows].map(
      ([fault, took]) =>
        `${fault.padEnd(width)}  ${String(took.length).padStart(3)}${shown(Math.min(...took))}${shown(percentile(took, 0.5))}${shown(Math.max(...took))}`,
    );
    return [`${''.padEnd(width)}    n  min ms  p50 ms  max ms`, ...lines].join('\n');
  }
}
