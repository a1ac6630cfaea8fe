/**
 * Restarts a server that is gone, and tells the router of it: soon, late, or twice, as the network and chance have it.
 * Unless somebody keeps the server down, or its disk has to be replaced first.
 */
import type { Incarnation, ServerId } from '@dualping/core';
import { call } from './call.js';
import type { Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';
import type { ServerProcess } from './server-process.js';

/** Back-off of restarts of a server that keeps dying, ms. */
const RESTART_MS = { first: 20, most: 1_000 } as const;
/** A server that lived this long was well, ms. */
const WELL_AFTER_MS = 2_000;
const REPORT_TIMEOUT_MS = 2_000;
/** How often a report is sent twice, and how often it lies about for a while first. */
const DOUBLED = 0.2;
const LATE = { chance: 0.3, meanMs: 1_500 } as const;

export class Supervisor extends Process {
  readonly acceptors: Acceptors = {};
  #held = 0;
  #failures = 0;
  #startedAt = 0;
  /** Reports are sent by some supervisors only: the stream's end tells the router as well. */
  readonly #reports: boolean;

  constructor(
    readonly server: ServerProcess,
    readonly router: string,
    around: Surroundings,
  ) {
    super(`supervisor-${server.name}`, around);
    this.#reports = this.random.chance(0.7);
    server.onStopped = ({ detail }) => this.lost(detail);
    this.begin();
  }

  /** Keeps the server down until the hold is released. */
  hold(): () => void {
    this.#held += 1;
    return () => {
      this.#held -= 1;
      this.#restart(0);
    };
  }

  start(): void {
    if (this.server.running || this.#held > 0) return;
    this.#startedAt = this.world.now;
    this.world.say(this.server.name, `starts, incarnation ${this.server.incarnation + 1}`);
    this.server.start();
  }

  /** The server is gone. */
  lost(detail: string): void {
    const { server, world } = this;
    world.say(server.name, `is gone: ${detail}`);
    this.#failures = world.now - this.#startedAt >= WELL_AFTER_MS ? 0 : this.#failures + 1;
    if (this.#reports) this.report(server.incarnation);
    this.#restart(Math.min(RESTART_MS.most, RESTART_MS.first * 2 ** Math.min(this.#failures, 10)));
  }

  report(incarnation: Incarnation): void {
    const { random } = this;
    const delayMs = random.chance(LATE.chance) ? random.exponential(LATE.meanMs) : random.within(0, 5);
    this.later(delayMs, `${this.name} reports`, () => this.#send(incarnation));
    if (random.chance(DOUBLED))
      this.later(delayMs + random.exponential(300), `${this.name} reports`, () => this.#send(incarnation));
  }

  protected override tick(): void {}
  protected override nextDeadline(): undefined {
    return undefined;
  }

  #restart(afterMs: number): void {
    this.later(afterMs, `${this.name} restarts`, () => this.start());
  }

  #send(incarnation: Incarnation): void {
    const question = { kind: 'crash', serverId: this.server.id as ServerId, incarnation } as const;
    call(this, this.router, 'crash', question, REPORT_TIMEOUT_MS, 'router-unreachable', {
      answered: ({ dropped }) => {
        if (dropped)
          this.world.say(this.name, `has told the router of the end of incarnation ${incarnation}`);
      },
      failed: () => {},
    });
  }
}
