/**
 * Restarts a server that is gone, unless a fault keeps it down; and reports to the router soon, late or
 * twice, depending on the network and chance.
 *
 * A supervisor that `vouches` also registers each life with the router, which then counts it as live until
 * its end is reported. Since a registration may arrive after the life has ended, the end is reported
 * repeatedly for a while.
 */
import type { Incarnation } from '@dualping/core';
import { call } from './call.js';
import type { Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';
import type { ServerProcess } from './server-process.js';
import type { Wires } from './wires.js';

/** Back-off of restarts of a server that keeps dying, ms. */
const RESTART_MS = { first: 20, most: 1_000 } as const;
/** A server that lived this long counts as well, ms. */
const WELL_AFTER_MS = 2_000;
const REPORT_TIMEOUT_MS = 2_000;
/** How often, and at which interval, the end of a registered life is reported again. */
const INSISTS = { times: 10, everyMs: 2_000 } as const;
/** How often a report is sent twice, and how often it is delayed first. */
const DOUBLED = 0.2;
const LATE = { chance: 0.3, meanMs: 1_500 } as const;

export class Supervisor extends Process {
  readonly acceptors: Acceptors = {};
  #held = 0;
  #failures = 0;
  #startedAt = 0;
  /** Some report nothing: the router also notices the end of the server's stream. */
  readonly #habit: 'silent' | 'reports' | 'vouches';

  constructor(
    readonly server: ServerProcess,
    readonly routers: readonly string[],
    around: Surroundings,
  ) {
    super(`supervisor-${server.name}`, around);
    this.#habit = this.random.pick(['silent', 'reports', 'reports', 'vouches']);
    server.onStopped = ({ failed, detail }) => this.#gone(detail, failed);
    this.begin();
  }

  /** Whether a fault keeps the server down. */
  get holds(): boolean {
    return this.#held > 0;
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
    if (this.server.running || this.server.isLost || this.#held > 0) return;
    this.#startedAt = this.world.now;
    this.world.say(this.server.name, `starts, incarnation ${this.server.incarnation + 1}`);
    if (this.#habit === 'vouches' && this.random.chance(0.5)) this.#introduce('add-master');
    this.server.start();
    if (this.#habit === 'vouches') this.#introduce('register-server');
  }

  /** The server was killed. */
  lost(detail: string): void {
    this.#gone(detail, true);
  }

  /** Like production's supervisor it reports no end that the server was asked for: that says so itself. */
  #gone(detail: string, crashed: boolean): void {
    const { server, world } = this;
    world.say(server.name, `is gone: ${detail}`);
    this.#failures = world.now - this.#startedAt >= WELL_AFTER_MS ? 0 : this.#failures + 1;
    if (this.#habit !== 'silent' && crashed) this.report(server.incarnation);
    if (this.#habit === 'vouches') this.#insist(server.incarnation);
    this.#restart(Math.min(RESTART_MS.most, RESTART_MS.first * 2 ** Math.min(this.#failures, 10)));
  }

  report(incarnation: Incarnation): void {
    const { random } = this;
    const delayMs = random.chance(LATE.chance) ? random.exponential(LATE.meanMs) : random.within(0, 5);
    this.later(delayMs, `${this.name} reports`, () => this.#send(incarnation));
    if (random.chance(DOUBLED))
      this.later(delayMs + random.exponential(300), `${this.name} reports`, () => this.#send(incarnation));
  }

  #restart(afterMs: number): void {
    this.later(afterMs, `${this.name} restarts`, () => this.start());
  }

  #insist(incarnation: Incarnation): void {
    const { server } = this;
    const { disk } = server;
    for (let times = 1; times <= INSISTS.times; times += 1)
      this.later(times * INSISTS.everyMs, `${this.name} insists`, () => {
        // On a new disk the same incarnation is another life.
        if (server.disk === disk || server.incarnation !== incarnation) this.#send(incarnation);
      });
  }

  #introduce(kind: 'register-server' | 'add-master'): void {
    const { cluster, name: address, serverId, incarnation, journalId, disk } = this.server;
    const { networkId } = disk;
    const question = { kind, cluster, address, serverId, incarnation, journalId, networkId };
    this.#call(kind, question, () => {});
  }

  #send(incarnation: Incarnation): void {
    const { cluster, serverId } = this.server;
    const question = { kind: 'crash', cluster, serverId, incarnation } as const;
    this.#call('crash', question, ({ dropped }) => {
      if (dropped) this.world.say(this.name, `has told the router of the end of incarnation ${incarnation}`);
    });
  }

  /** Asks one router after the other, until one answers. */
  #call<K extends 'crash' | 'register-server' | 'add-master'>(
    kind: K,
    question: Wires[K]['up'],
    answered: (answer: Wires[K]['down']) => void,
    routers = this.routers,
  ): void {
    const [router, ...others] = routers;
    if (router === undefined) return;
    call(this, router, kind, question, REPORT_TIMEOUT_MS, 'router-unreachable', {
      answered,
      failed: () => this.#call(kind, question, answered, others),
    });
  }
}
