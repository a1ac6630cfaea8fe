/** Sums over many worlds. */
import type { Outcome } from './simulation.js';

export class Totals {
  worlds = 0;
  virtualMs = 0;
  events = 0;
  committed = 0;
  epochs = 0;
  longestHealingMs = 0;

  add(outcome: Outcome): void {
    this.worlds += 1;
    this.virtualMs += outcome.virtualMs;
    this.events += outcome.events;
    this.committed += outcome.committed;
    this.epochs += outcome.epochs;
    this.longestHealingMs = Math.max(this.longestHealingMs, outcome.healedInMs);
  }

  text(wallMs: number): string {
    const hours = this.virtualMs / 3_600_000;
    const seconds = Math.max(wallMs, 1) / 1_000;
    return (
      `${this.worlds} worlds, ${hours.toFixed(2)} h simulated in ${seconds.toFixed(1)} s ` +
      `(${(hours / seconds).toFixed(3)} h/s, ${(this.virtualMs / wallMs).toFixed(0)} times real time); ` +
      `${this.epochs} epochs, ${this.committed} entries, ${(this.events / 1e6).toFixed(1)} M events, ` +
      `well again in ${this.longestHealingMs} ms at most`
    );
  }
}
