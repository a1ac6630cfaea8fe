/**
 * A pair on one machine, in virtual time: the machines and drivers that run in production. Processes start
 * after a while, can be killed and frozen, hold locks, and are linked by a stream that breaks when either end
 * is gone.
 */
import { type Incarnation, type Instant, Supervisor, SupervisorWatch } from '@dualping/core';
import type { Clock } from './clock.js';
import { ManualClock } from './manual-clock.fixture.js';
import {
  type KeepAliveClient,
  type KeepAliveListener,
  type ProcessListener,
  type SupervisedProcess,
  SupervisorDriver,
} from './supervisor-driver.js';
import { SupervisorWatchDriver } from './supervisor-watch-driver.js';

export const KEEP_ALIVE_MS = 1_000;
const TIMING = { keepAliveMs: KEEP_ALIVE_MS };
/** How long a process takes from its start until it holds its lock and listens, ms. */
const START_MS = 300;
/** How long a message takes, ms. */
const LATENCY_MS = 1;

/** A process, and its clock. */
abstract class Process implements Clock {
  alive = true;
  /** It never runs again. */
  frozen = false;
  /** It holds its lock and listens. */
  ready = false;

  constructor(readonly pair: SupervisedPair) {}

  get runs(): boolean {
    return this.alive && !this.frozen;
  }

  now(): Instant {
    return this.pair.clock.now();
  }

  /** Only a process that runs then does it. */
  setTimer(at: Instant, fire: () => void): () => void {
    return this.pair.clock.setTimer(at, () => {
      if (this.runs) fire();
    });
  }

  after(ms: number, work: () => void): void {
    this.setTimer(this.now() + ms, work);
  }
}

class ServerProcess extends Process {
  readonly watch = new SupervisorWatchDriver(new SupervisorWatch(TIMING), {
    clock: this,
    closeLink: (number) => {
      for (const link of this.pair.links) if (link.atServer === number) link.break();
    },
    startSupervisor: (replace) => this.pair.replaceSupervisor(replace),
    report: () => {},
  });

  constructor(
    pair: SupervisedPair,
    readonly incarnation: Incarnation,
  ) {
    super(pair);
  }
}

class SupervisorProcess extends Process implements SupervisedProcess {
  readonly driver = new SupervisorDriver(new Supervisor('s1', TIMING), this, {
    clock: this,
    report: () => {},
    finished: () => {},
  });
  server: ServerProcess | undefined;
  listener: ProcessListener | undefined;

  adopt(listener: ProcessListener): boolean {
    this.listener = listener;
    this.server = this.pair.liveServers[0];
    if (this.server?.ready === true) this.#hearOf(this.server);
    return this.server !== undefined;
  }

  start(listener: ProcessListener): void {
    if (this.server?.alive === true) this.pair.startedTooEarly += 1;
    if (!this.adopt(listener)) this.server = this.pair.startServer();
  }

  /** The server listens. */
  #hearOf({ incarnation }: ServerProcess): void {
    this.after(LATENCY_MS, () => this.listener?.listening(incarnation));
  }

  serverIsReady(server: ServerProcess): void {
    if (this.server === server) this.#hearOf(server);
  }

  openLink(listener: KeepAliveListener): KeepAliveClient {
    const { server } = this;
    if (server?.alive !== true) {
      this.after(LATENCY_MS, () => listener.ended('nothing listens'));
      return { ping: () => {}, close: () => {} };
    }
    return new Link(this, server, listener);
  }

  terminate(): void {
    this.pair.kill(this.server);
  }

  kill(): void {
    this.pair.kill(this.server);
  }

  reportCrash(incarnation: Incarnation, _detail: string, reported: (isNoted: boolean) => void): void {
    this.pair.crashes.push(incarnation);
    this.after(LATENCY_MS, () => reported(true));
  }
}

/** A stream; messages of a frozen process are never sent. */
class Link implements KeepAliveClient {
  readonly atServer: number;

  constructor(
    readonly supervisor: SupervisorProcess,
    readonly server: ServerProcess,
    readonly listener: KeepAliveListener,
  ) {
    this.atServer = supervisor.pair.addLink(this);
    const { atServer: link } = this;
    server.after(LATENCY_MS, () => {
      server.watch.feed({ kind: 'attached', link, keepAliveMs: KEEP_ALIVE_MS });
      supervisor.after(LATENCY_MS, () => listener.greeted());
    });
  }

  ping(): void {
    const { server, supervisor, atServer: link } = this;
    server.after(LATENCY_MS, () => {
      if (!supervisor.pair.links.has(this)) return;
      server.watch.feed({ kind: 'heard', link });
      supervisor.after(LATENCY_MS, () => this.listener.heard());
    });
  }

  close(): void {
    const { server, supervisor, atServer: link } = this;
    if (supervisor.pair.links.delete(this))
      server.after(LATENCY_MS, () => server.watch.feed({ kind: 'link-ended', link }));
  }

  /** Both ends notice. */
  break(): void {
    if (!this.supervisor.pair.links.has(this)) return;
    this.close();
    this.supervisor.after(LATENCY_MS, () => this.listener.ended('broke'));
  }
}

export class SupervisedPair {
  readonly clock = new ManualClock();
  /** Reported incarnations, in order. */
  readonly crashes: Incarnation[] = [];
  readonly servers: ServerProcess[] = [];
  readonly supervisors: SupervisorProcess[] = [];
  /** The open ones. */
  readonly links = new Set<Link>();
  #links = 0;
  /**
   * How many servers were started before the supervisor's last one had ended: only the lock would stop them.
   */
  startedTooEarly = 0;
  /** How many supervisors were replaced though they were not frozen. */
  replacedWell = 0;

  constructor() {
    this.#startSupervisor();
  }

  get liveServers(): readonly ServerProcess[] {
    return this.servers.filter(({ alive }) => alive);
  }
  get liveSupervisors(): readonly SupervisorProcess[] {
    return this.supervisors.filter(({ alive }) => alive);
  }

  pass(durationMs: number): void {
    this.clock.advanceTo(this.clock.now() + durationMs);
  }

  kill(process: ServerProcess | SupervisorProcess | undefined): void {
    if (process === undefined || !process.alive) return;
    process.alive = false;
    for (const link of this.links) if (link.server === process || link.supervisor === process) link.break();
    for (const supervisor of this.supervisors)
      if (supervisor.server === process)
        supervisor.after(LATENCY_MS, () => supervisor.listener?.exited('died', 'was killed'));
  }

  startServer(): ServerProcess {
    const server = new ServerProcess(this, this.servers.length + 1);
    this.servers.push(server);
    this.#takeLock(server, this.servers, () => {
      server.watch.feed({ kind: 'tick' });
      for (const supervisor of this.supervisors) supervisor.serverIsReady(server);
    });
    return server;
  }

  replaceSupervisor(replace: boolean): void {
    const holder = this.supervisors.find(({ alive, ready }) => alive && ready);
    if (holder !== undefined && !replace) return;
    if (holder?.frozen === false) this.replacedWell += 1;
    this.kill(holder);
    this.#startSupervisor();
  }

  addLink(link: Link): number {
    this.links.add(link);
    this.#links += 1;
    return this.#links;
  }

  #startSupervisor(): void {
    const supervisor = new SupervisorProcess(this);
    this.supervisors.push(supervisor);
    this.#takeLock(supervisor, this.supervisors, () => supervisor.driver.begin());
  }

  /** A process that finds the lock taken ends. */
  #takeLock<P extends ServerProcess | SupervisorProcess>(
    process: P,
    all: readonly P[],
    begin: () => void,
  ): void {
    process.after(START_MS, () => {
      if (all.some((other) => other.alive && other.ready)) return this.kill(process);
      process.ready = true;
      begin();
    });
  }
}
