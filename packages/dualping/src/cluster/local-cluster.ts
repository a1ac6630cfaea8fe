/** A router and its servers on this machine, each a process of its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RouterClient } from '@dualping/client';
import { type Address, type Assignment, serverId, serverName, type Timing } from '@dualping/core';
import { type DataFolderLock, lockDataFolder, parseAddress, type Report } from '@dualping/protocol';
import type { Subscription } from 'rxjs';
import { withinLimit } from '../signals.js';
import { portIfFree, readPlaces, writePlaces } from './places.js';
import { RestartingChild } from './restarting-child.js';

/** Longest that one process may take to end in order, ms: a handover takes tens. */
const END_LIMIT_MS = 3_000;
/** Longest to wait until all members are live and in sync, ms: after that it says who is missing, and goes on. */
export const READY_LIMIT_MS = 30_000;

export interface LocalClusterOptions {
  readonly host: string;
  /** Where the router listens; 0 for where it was, or a free one. */
  readonly routerPort: number;
  /** Whether another port will do when `routerPort` is taken. */
  readonly routerMayMove: boolean;
  readonly servers: number;
  readonly dataFolder: string;
  readonly timing: Timing;
  readonly report: Report;
  /** Lines of the children. */
  readonly onLine: (name: string, line: string) => void;
}

/** A process of the cluster, for people: its pid is what they kill to see what happens. */
export interface Place {
  readonly name: string;
  readonly role: string;
  readonly address: Address;
  readonly pid: number | undefined;
}

export class LocalCluster {
  readonly #options: LocalClusterOptions;
  readonly #ports: Record<string, number>;
  readonly #addresses = new Map<string, Address>();
  readonly #router: RestartingChild;
  readonly #servers: readonly RestartingChild[];
  #lock: DataFolderLock | undefined;
  #client: RouterClient | undefined;
  #watching: Subscription | undefined;
  #assignment: Assignment | undefined;
  #onAssignment: () => void = () => {};

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    // Before anything is read: two clusters in one folder would take each other's ports.
    this.#lock = lockDataFolder(options.dataFolder, 'dualping up');
    this.#ports = { ...readPlaces(options.dataFolder).ports };
    this.#router = this.#child('router', () => this.#routerCommandLine());
    this.#servers = Array.from({ length: options.servers }, (_, index) => {
      const name = serverName(serverId(index + 1));
      return this.#child(name, () => this.#serverCommandLine(name, index + 1));
    });
  }

  /** Where clients find it. */
  get routerAddress(): Address {
    return this.#addresses.get('router') ?? '';
  }

  /** Starts everything, and waits until every member is live and in sync; says who is missing when that takes too long. */
  async start(): Promise<void> {
    this.#warnOfServersLeftOut();
    await this.#router.start();
    this.#watch();
    // s1 first, so that a new cluster has it as its first primary: people read it that way.
    const [first, ...others] = this.#servers;
    await first?.start();
    await Promise.all(others.map((server) => server.start()));
    const ready = new Promise<void>((resolve) => {
      this.#onAssignment = () => {
        if (this.#missing().length === 0) resolve();
      };
      this.#onAssignment();
    });
    if (!(await withinLimit(ready, READY_LIMIT_MS)))
      this.#say(
        'incomplete',
        `not live and in sync after ${READY_LIMIT_MS} ms: ${this.#missing().join(', ')}`,
      );
  }

  /** Standbys first, then the primary, then the router, so that nobody takes over from a server that is about to end. */
  async stop(): Promise<void> {
    const primary = this.#primaryName();
    await Promise.all(
      this.#servers.filter(({ name }) => name !== primary).map((server) => server.stop(END_LIMIT_MS)),
    );
    await Promise.all(
      this.#servers.filter(({ name }) => name === primary).map((server) => server.stop(END_LIMIT_MS)),
    );
    this.#watching?.unsubscribe();
    this.#client?.close();
    await this.#router.stop(END_LIMIT_MS);
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** At once; what was acknowledged is on disk. */
  kill(): void {
    for (const child of [...this.#servers, this.#router]) child.kill();
    this.#lock?.release();
  }

  get places(): readonly Place[] {
    const primary = this.#primaryName();
    return [this.#router, ...this.#servers].map((child) => ({
      name: child.name,
      role: child === this.#router ? 'router' : child.name === primary ? 'primary' : 'standby',
      address: this.#addresses.get(child.name) ?? '',
      pid: child.pid,
    }));
  }

  #child(name: string, commandLine: () => Promise<readonly string[]>): RestartingChild {
    return new RestartingChild({
      name,
      commandLine,
      onLine: this.#options.onLine,
      onReady: (address) => this.#remember(name, address),
      report: this.#options.report,
    });
  }

  #remember(name: string, address: Address): void {
    this.#addresses.set(name, address);
    this.#ports[name] = parseAddress(address).port;
    writePlaces(this.#options.dataFolder, { ports: this.#ports });
  }

  async #routerCommandLine(): Promise<readonly string[]> {
    const { host, dataFolder, timing } = this.#options;
    return [
      ...['router', '--host', host, '--port', String(await this.#routerPort())],
      ...['--data', join(dataFolder, 'router')],
      ...['--ping-ms', String(timing.pingIntervalMs), '--dead-after-ms', String(timing.deadAfterMs)],
      ...['--reattach-grace-ms', String(timing.reattachGraceMs)],
    ];
  }

  async #routerPort(): Promise<number> {
    const { host, routerPort, routerMayMove } = this.#options;
    // Everybody knows it by its address by now: it comes back there or not at all.
    if (this.#addresses.has('router')) return parseAddress(this.routerAddress).port;
    if (routerPort !== 0 && !routerMayMove) return routerPort;
    const wished = this.#ports.router ?? routerPort;
    const port = wished === 0 ? 0 : await portIfFree(host, wished);
    if (port !== wished) this.#say('moved', `port ${wished} is taken, the router takes a free one`);
    return port;
  }

  async #serverCommandLine(name: string, id: number): Promise<readonly string[]> {
    const { host, dataFolder } = this.#options;
    const port = await portIfFree(host, this.#ports[name] ?? 0);
    return [
      ...['server', '--host', host, '--port', String(port), '--id', String(id)],
      ...['--data', join(dataFolder, name), '--cluster', '1', '--routers', this.routerAddress],
    ];
  }

  #watch(): void {
    const client = new RouterClient({ routers: [this.routerAddress] });
    this.#client = client;
    this.#watching = client.watch({ of: { cluster: 1 } }).subscribe({
      next: ({ assignments }) => {
        this.#assignment = assignments.at(-1) ?? this.#assignment;
        this.#onAssignment();
      },
      error: (error: Error) => this.#say('watch-ended', error.message),
    });
  }

  #primaryName(): string | undefined {
    const primary = this.#assignment?.primary;
    return primary === undefined ? undefined : serverName(primary.serverId);
  }

  /** Servers that are not yet what they should be. */
  #missing(): readonly string[] {
    const well = new Set(
      this.#assignment?.members
        .filter((member) => member.live && member.inSync)
        .map((member) => serverName(member.serverId)),
    );
    return this.#servers.map(({ name }) => name).filter((name) => !well.has(name));
  }

  #warnOfServersLeftOut(): void {
    const { servers, dataFolder } = this.#options;
    for (let id = servers + 1; existsSync(join(dataFolder, serverName(serverId(id)))); id += 1)
      this.#say(
        'left-out',
        `${serverName(serverId(id))} has data in the folder but is not started (--servers ${servers}); writes it alone holds can't be had`,
      );
  }

  #say(event: string, text: string): void {
    this.#options.report({ part: 'up', event, text });
  }
}

/** What is printed once it runs. */
export function renderPlaces(places: readonly Place[]): readonly string[] {
  const width = Math.max(...places.map(({ name }) => name.length));
  return places.map(
    ({ name, role, address, pid }) =>
      `${name.padEnd(width)}  ${role === name ? ''.padEnd(7) : role}  ${address}  pid ${pid ?? '?'}`,
  );
}
