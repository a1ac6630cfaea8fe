/**
 * A pair in a model of one machine: processes that start after a while, can be killed and frozen, hold locks,
 * and are linked by a stream that breaks when either end is gone. Both machines are the real ones; only the
 * effects of their outputs are modelled.
 */
import type { Instant } from '../ids.js';
import type { SupervisorInput, SupervisorOutput, SupervisorWatchInput } from './supervision-messages.js';
import { Supervisor } from './supervisor.js';
import { SupervisorWatch } from './supervisor-watch.js';

export const KEEP_ALIVE_MS = 1_000;
/** How long a process takes from its start until it holds its lock and listens, ms. */
const START_MS = 300;
const TIMING = { keepAliveMs: KEEP_ALIVE_MS };

interface Process {
  readonly pid: number;
  readonly kind: 'server' | 'supervisor';
  alive: boolean;
  frozen: boolean;
  readyAt: Instant;
  ready: boolean;
}

interface ServerProcess extends Process {
  readonly kind: 'server';
  readonly incarnation: number;
  readonly watch: SupervisorWatch;
  /** Inputs that wait while it is frozen. */
  readonly inbox: SupervisorWatchInput[];
}

interface SupervisorProcess extends Process {
  readonly kind: 'supervisor';
  readonly machine: Supervisor;
  readonly inbox: SupervisorInput[];
  server: ServerProcess | undefined;
  told: boolean;
}

interface Stream {
  readonly supervisor: SupervisorProcess;
  readonly server: ServerProcess;
  readonly link: number;
  readonly serverLink: number;
  open: boolean;
}

export class PairModel {
  now: Instant = 0;
  /** Reported incarnations, in order. */
  readonly crashes: number[] = [];
  readonly servers: ServerProcess[] = [];
  readonly supervisors: SupervisorProcess[] = [];
  #streams: Stream[] = [];
  #pids = 0;
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

  kill(process: Process | undefined): void {
    if (process === undefined || !process.alive) return;
    process.alive = false;
    for (const stream of this.#streams.filter(
      ({ server, supervisor }) => server === process || supervisor === process,
    ))
      this.#break(stream);
    if (process.kind !== 'server') return;
    for (const supervisor of this.liveSupervisors)
      if (supervisor.server === process)
        supervisor.inbox.push({ kind: 'exited', exit: 'died', detail: 'was killed' });
  }

  pass(durationMs: number): void {
    const stepMs = 50;
    for (const until = this.now + durationMs; this.now < until; ) {
      this.now += stepMs;
      this.#turn();
    }
  }

  #turn(): void {
    for (const process of [...this.servers, ...this.supervisors])
      if (process.alive && !process.frozen && !process.ready && this.now >= process.readyAt)
        this.#becomeReady(process);
    for (const server of this.servers)
      if (server.alive && !server.frozen && server.ready) this.#runServer(server);
    for (const supervisor of this.supervisors)
      if (supervisor.alive && !supervisor.frozen && supervisor.ready) this.#runSupervisor(supervisor);
  }

  /** The second process finds the lock taken and ends. */
  #becomeReady(process: Process): void {
    const others = process.kind === 'server' ? this.servers : this.supervisors;
    process.ready = true;
    if (others.some((other) => other !== process && other.alive && other.ready)) this.kill(process);
  }

  #runServer(server: ServerProcess): void {
    const inputs: (SupervisorWatchInput | { readonly kind: 'tick' })[] = [
      ...server.inbox.splice(0),
      { kind: 'tick' },
    ];
    for (const input of inputs)
      for (const output of server.watch.step(this.now, input)) {
        if (output.kind === 'start-supervisor') this.#replaceSupervisor(output.replace);
        if (output.kind === 'close-link')
          for (const stream of this.#streams.filter(({ serverLink }) => serverLink === output.link))
            this.#break(stream);
      }
  }

  #replaceSupervisor(replace: boolean): void {
    const holder = this.supervisors.find(({ alive, ready }) => alive && ready);
    if (holder !== undefined && !replace) return;
    if (holder?.frozen === false) this.replacedWell += 1;
    this.kill(holder);
    this.#startSupervisor();
  }

  #runSupervisor(supervisor: SupervisorProcess): void {
    if (!supervisor.told) {
      supervisor.told = true;
      supervisor.server = this.liveServers[0];
      supervisor.inbox.push({ kind: 'begin', running: supervisor.server !== undefined });
    }
    const { server } = supervisor;
    if (server?.ready === true && server.alive)
      supervisor.inbox.push({ kind: 'listening', incarnation: server.incarnation });
    for (const input of [...supervisor.inbox.splice(0), { kind: 'tick' } as const])
      for (const output of supervisor.machine.step(this.now, input)) this.#perform(supervisor, output);
  }

  #perform(supervisor: SupervisorProcess, output: SupervisorOutput): void {
    const { server } = supervisor;
    switch (output.kind) {
      case 'start':
        if (server?.alive === true) this.startedTooEarly += 1;
        supervisor.server = this.liveServers[0] ?? this.#startServer();
        return;
      case 'open-link':
        return this.#open(supervisor, output.link);
      case 'ping':
        return this.#ping(supervisor, output.link);
      case 'close-link':
        for (const stream of this.#streams.filter(({ link }) => link === output.link)) this.#break(stream);
        return;
      case 'kill':
        return this.kill(server);
      case 'report-crash':
        this.crashes.push(output.incarnation);
        supervisor.inbox.push({ kind: 'crash-noted' });
        return;
      default:
        return;
    }
  }

  #open(supervisor: SupervisorProcess, link: number): void {
    const { server } = supervisor;
    if (server === undefined || !server.alive) {
      supervisor.inbox.push({ kind: 'link-ended', link, detail: 'nobody listens' });
      return;
    }
    this.#pids += 1;
    this.#streams.push({ supervisor, server, link, serverLink: this.#pids, open: true });
    server.inbox.push({ kind: 'attached', link: this.#pids, keepAliveMs: KEEP_ALIVE_MS });
    if (!server.frozen) supervisor.inbox.push({ kind: 'greeted', link });
  }

  #ping(supervisor: SupervisorProcess, link: number): void {
    const stream = this.#streams.find((each) => each.supervisor === supervisor && each.link === link);
    if (stream === undefined) return;
    stream.server.inbox.push({ kind: 'heard', link: stream.serverLink });
    if (!stream.server.frozen) supervisor.inbox.push({ kind: 'heard', link });
  }

  #break(stream: Stream): void {
    if (!stream.open) return;
    stream.open = false;
    this.#streams = this.#streams.filter((each) => each !== stream);
    stream.server.inbox.push({ kind: 'link-ended', link: stream.serverLink });
    stream.supervisor.inbox.push({ kind: 'link-ended', link: stream.link, detail: 'broke' });
  }

  #startServer(): ServerProcess {
    const server: ServerProcess = {
      ...this.#process(),
      kind: 'server',
      incarnation: this.servers.length + 1,
      watch: new SupervisorWatch(TIMING),
      inbox: [],
    };
    this.servers.push(server);
    return server;
  }

  #startSupervisor(): void {
    this.supervisors.push({
      ...this.#process(),
      kind: 'supervisor',
      machine: new Supervisor('s1', TIMING),
      inbox: [],
      server: undefined,
      told: false,
    });
  }

  #process(): Omit<Process, 'kind'> {
    this.#pids += 1;
    return { pid: this.#pids, alive: true, frozen: false, ready: false, readyAt: this.now + START_MS };
  }
}
