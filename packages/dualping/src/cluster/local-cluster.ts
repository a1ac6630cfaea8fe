/** Routers and their servers on this machine, each a process of its own, and optionally the routers' etcd. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RouterClient } from '@dualping/client';
import {
  type Address,
  type Assignment,
  type ClusterId,
  DEFAULT_KEEP_ALIVE_MS,
  DualpingError,
  quote,
  type ServerId,
  serverId,
  serverNameIn,
} from '@dualping/core';
import {
  BoundedLog,
  type DataFolderLock,
  formatOperatorEvent,
  holderOf,
  lockDataFolder,
  logFile,
  mendFolder,
  type ProcessIdentity,
  processIdentity,
  type Report,
  withinLimit,
} from '@dualping/host';
import { type NetworkCredentials, type Part, parseAddress } from '@dualping/protocol';
import {
  ensure,
  hasNetwork,
  NETWORK_FILE,
  type WatchedCredentials,
  watchCredentials,
} from '@dualping/security';
import type { Subscription } from 'rxjs';
import { LOCAL_OPERATOR } from '../credentials.js';
import { cleanForTerminal } from '../terminal-text.js';
import { type ChildRole, isErrorLine } from './child-of-up.js';
import { type CommandLineOptions, routerCommandLine, serverCommandLine } from './command-lines.js';
import { LocalEtcd } from './local-etcd.js';
import { portIfFree, readPlaces, writePlaces } from './places.js';
import { SupervisedChild } from './supervised-child.js';

/** Longest that one process may take to end in order, ms: a handover takes tens. */
const END_LIMIT_MS = 3_000;
/**
 * Longest to wait until all members are live and in sync, ms: after that it reports which are missing, and
 * goes on.
 */
const READY_LIMIT_MS = 30_000;
/** Longest to wait until one of several routers leads, ms: the store may be starting, too. */
const LEADER_LIMIT_MS = 30_000;
const LEADER_POLL_MS = 100;
/** The name of the first router; the others are `router2`, `router3` …. */
const ROUTER = 'router';
/** As a store: an etcd that is started and ended with the cluster. */
export const OWN_ETCD = 'etcd';

export interface LocalClusterOptions extends CommandLineOptions {
  /** The router's port; 0: the last one, or a free one. */
  readonly routerPort: number;
  /** Whether to use another port when `routerPort` is taken. */
  readonly routerMayMove: boolean;
  /** Routers that share `store`; one, without it. */
  readonly routers: number;
  /** `etcd://…`, or `etcd` for one of its own; undefined: the one router keeps files. */
  readonly store: string | undefined;
  /** Number of servers in each cluster. */
  readonly servers: number;
  readonly dataFolder: string;
  /**
   * How often each process must give a sign of life; after three intervals of silence it is killed and
   * started again. Default 3 s.
   */
  readonly keepAliveMs?: number;
  /** Receives the lines of the cluster itself; they are in `logs/up.log` too. */
  readonly report: Report;
  /** Receives the lines of the children; they are in `logs/NAME.log` too. */
  readonly onLine: (name: string, line: string) => void;
  /** The routers listen, and the servers follow. */
  readonly onRouters: (addresses: readonly Address[]) => void;
}

/** A process of the cluster, for people: they can kill its pid to see what happens. */
export interface Place {
  readonly name: string;
  readonly role: string;
  readonly address: Address;
  readonly pid: number | undefined;
}

interface LocalServer {
  readonly cluster: ClusterId;
  readonly id: ServerId;
  /** `s1`, or `c2/s1` with several clusters; also the path of its folder. */
  readonly name: string;
  readonly child: SupervisedChild;
}

export class LocalCluster {
  readonly #options: LocalClusterOptions;
  readonly #ports: Record<string, number>;
  /** As the router says, or said the last time. */
  #clusters: number | undefined;
  readonly #addresses = new Map<string, Address>();
  /** Of processes that have no folder of their own. */
  readonly #identities = new Map<string, ProcessIdentity>();
  /** Credentials for dialling each process; undefined: without TLS. */
  readonly #dialling = new Map<string, NetworkCredentials | undefined>();
  readonly #routers: readonly SupervisedChild[];
  /** Loaded for as many clusters as are expected; those that it has when the router has said how many. */
  #servers: readonly LocalServer[] = [];
  /** Until this is true only the caller of `start` gets failures; they are not logged too. */
  #started = false;
  readonly #logs = new Map<string, BoundedLog>();
  #lock: DataFolderLock | undefined;
  #etcd: LocalEtcd | undefined;
  /** The watched credentials of `up` itself, and of each server's supervision, to be closed at the end. */
  readonly #watched: WatchedCredentials[] = [];
  #client: RouterClient | undefined;
  #watching: Subscription | undefined;
  readonly #assignments = new Map<ClusterId, Assignment>();
  #onAssignment: () => void = () => {};

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    refuseIfUp(options.dataFolder);
    // Before anything is read: two clusters in one folder would take each other's ports.
    this.#lock = lockDataFolder(options.dataFolder, UP_ROLE);
    const mended = mendFolder(options.dataFolder);
    if (mended !== undefined) this.#say('folder-mode', mended);
    const { ports, clusters } = readPlaces(options.dataFolder);
    this.#ports = { ...ports };
    this.#clusters = clusters;
    this.#routers = Array.from({ length: options.routers }, (_, index) => {
      const name = index === 0 ? ROUTER : `${ROUTER}${index + 1}`;
      return this.#child(name, { kind: 'router' }, () => this.#routerCommandLine(name));
    });
  }

  /** The addresses of all routers, for clients. */
  get routerAddresses(): readonly Address[] {
    return this.#routers.map(({ name }) => this.#addresses.get(name) ?? '');
  }

  /**
   * Starts everything, and waits until every member is live and in sync; reports the missing ones when that
   * takes too long.
   */
  async start(): Promise<void> {
    const { certs, dataFolder } = this.#options;
    const isUpgrade = certs !== undefined && !hasNetwork(certs) && existsSync(join(dataFolder, ROUTER));
    if (this.#options.store === OWN_ETCD) this.#etcd = await this.#startEtcd();
    const own = await this.#loadAndCertify();
    if (isUpgrade) this.#say('upgraded', upgradeText(certs));
    for (const { name } of this.#routers) this.#dialling.set(name, own);
    await Promise.all(this.#routers.map((router) => router.start()));
    this.#options.onRouters(this.routerAddresses);
    const client = new RouterClient({ routers: this.routerAddresses, credentials: own });
    this.#client = client;
    await this.#settleServers(await this.#clustersWhenLed(client));
    this.#watch(client);
    // s1 first, so that it is the first primary of a new cluster, as people expect.
    const isFirst = ({ id }: LocalServer): boolean => id === 1;
    await this.#startServers(isFirst);
    await this.#startServers((server) => !isFirst(server));
    this.#started = true;
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

  /**
   * All processes load their code side by side, while their certificates are made.
   * @returns the credentials of `up` itself; undefined: without TLS
   */
  async #loadAndCertify(): Promise<NetworkCredentials | undefined> {
    for (const router of this.#routers) router.load();
    this.#servers = this.#makeServers(this.#clustersExpected() ?? 0);
    for (const { child } of this.#servers) child.load();
    const parts = this.#servers.map(partOf);
    return await this.#certified([{ role: 'router' }, LOCAL_OPERATOR, ...parts], LOCAL_OPERATOR);
  }

  /** In a folder with a network as many as the last time, whatever is given now: the router decides. */
  #clustersExpected(): number | undefined {
    const { clusters, store, dataFolder } = this.#options;
    const isNew = store === undefined && !existsSync(join(dataFolder, ROUTER));
    return isNew ? (clusters ?? 1) : this.#clusters;
  }

  /** The router says how many clusters there are: servers that were loaded for another number are ended. */
  async #settleServers(clusters: number): Promise<void> {
    this.#warnOfServersLeftOut(clusters);
    this.#clusters = clusters;
    if (this.#servers.length !== clusters * this.#options.servers) {
      await Promise.all(this.#servers.map(({ child }) => child.stop(END_LIMIT_MS)));
      this.#servers = this.#makeServers(clusters);
    }
    await this.#certifyServers();
  }

  async #startServers(which: (server: LocalServer) => boolean): Promise<void> {
    await Promise.all(this.#servers.filter(which).map(({ child }) => child.start(this.routerAddresses)));
  }

  /**
   * Standbys first, then the primaries, then the routers, then their store, so that no part takes over just
   * before it ends itself.
   */
  async stop(): Promise<void> {
    const primaries = this.#servers.filter((server) => this.#isPrimary(server));
    const standbys = this.#servers.filter((server) => !primaries.includes(server));
    for (const servers of [standbys, primaries])
      await Promise.all(servers.map(({ child }) => child.stop(END_LIMIT_MS)));
    this.#watching?.unsubscribe();
    this.#client?.close();
    await Promise.all(this.#routers.map((router) => router.stop(END_LIMIT_MS)));
    await this.#etcd?.stop(END_LIMIT_MS);
    for (const watched of this.#watched) watched.close();
    for (const log of this.#logs.values()) log.close();
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** Kills everything at once; what was acknowledged is on disk. */
  kill(): void {
    for (const { child } of this.#servers) child.kill();
    for (const router of this.#routers) router.kill();
    this.#etcd?.kill();
    this.#lock?.release();
  }

  get places(): readonly Place[] {
    const place = (child: SupervisedChild, role: string): Place => ({
      name: child.name,
      role,
      address: this.#addresses.get(child.name) ?? '',
      pid: child.pid,
    });
    return [
      ...this.#routers.map((router) => place(router, ROUTER)),
      ...this.#servers.map((server) => place(server.child, this.#isPrimary(server) ? 'primary' : 'standby')),
    ];
  }

  async #startEtcd(): Promise<LocalEtcd> {
    return await LocalEtcd.start({
      dataFolder: this.#options.dataFolder,
      onLine: (name, line) => this.#log(name, line),
      report: (event, text) => this.#say(event, text),
      onStarted: (name, address, identity) => {
        if (identity !== undefined) this.#identities.set(name, identity);
        this.#remember(name, address);
      },
    });
  }

  #makeServers(clusters: number): readonly LocalServer[] {
    const ids = Array.from({ length: this.#options.servers }, (_, index) => serverId(index + 1));
    return Array.from({ length: clusters }, (_, index) => index + 1).flatMap((cluster) =>
      ids.map((id) => {
        const name = nameOf(cluster, clusters, id);
        const dataFolder = join(this.#options.dataFolder, name);
        const role = {
          kind: 'server',
          cluster,
          id,
          dataFolder,
          router: () => this.routerAddresses[0] ?? '',
        } as const;
        const child = this.#child(name, role, () => this.#serverCommandLine(name, cluster, id));
        return { cluster, id, name, child };
      }),
    );
  }

  #child(name: string, role: ChildRole, commandLine: () => Promise<readonly string[]>): SupervisedChild {
    return new SupervisedChild({
      name,
      role,
      commandLine,
      keepAliveMs: this.#options.keepAliveMs ?? DEFAULT_KEEP_ALIVE_MS,
      dialling: () => this.#dialling.get(name),
      onLine: (_, line) => {
        this.#log(name, line);
        if (this.#started || !isErrorLine(line)) this.#options.onLine(name, line);
      },
      onReady: (address, pid) => {
        const identity = pid === undefined ? undefined : processIdentity(pid);
        const hasFolder = role.kind === 'server' || this.#options.store === undefined;
        if (!hasFolder && identity !== undefined) this.#identities.set(name, identity);
        this.#remember(name, address);
      },
      report: this.#report,
    });
  }

  #remember(name: string, address: Address): void {
    this.#addresses.set(name, address);
    this.#ports[name] = parseAddress(address).port;
    const { dataFolder, certs } = this.#options;
    writePlaces(dataFolder, {
      ports: this.#ports,
      addresses: Object.fromEntries(this.#addresses),
      processes: Object.fromEntries(this.#identities),
      ...(certs !== undefined && { certs: resolve(certs) }),
      clusters: this.#clusters,
    });
  }

  #log(name: string, line: string): void {
    const log = this.#logs.get(name) ?? new BoundedLog(logFile(this.#options.dataFolder, name));
    this.#logs.set(name, log);
    log.write(cleanForTerminal(line));
  }

  readonly #report: Report = (event) => {
    this.#log('up', formatOperatorEvent(event, Date.now()));
    if (this.#started || event.event !== 'given-up') this.#options.report(event);
  };

  /** The number of clusters, when a router leads: routers that have just started may have no leader yet. */
  async #clustersWhenLed(client: RouterClient): Promise<number> {
    const until = performance.now() + LEADER_LIMIT_MS;
    for (;;)
      try {
        return (await client.status()).clusters;
      } catch (error) {
        const mayCome = this.#options.store !== undefined && performance.now() < until;
        if (!mayCome || !(error instanceof DualpingError) || error.reason !== 'router-unreachable')
          throw error;
        await delay(LEADER_POLL_MS);
      }
  }

  async #routerCommandLine(name: string): Promise<readonly string[]> {
    const port = await this.#routerPort(name);
    const store = this.#etcd?.store ?? this.#options.store;
    const folder = join(this.#options.dataFolder, ROUTER);
    return routerCommandLine(this.#options, { port, folder, store, isFirst: name === ROUTER });
  }

  async #routerPort(name: string): Promise<number> {
    const { host, routerMayMove } = this.#options;
    const routerPort = name === ROUTER ? this.#options.routerPort : 0;
    // Servers and clients know its address by now: it comes back there or not at all.
    const address = this.#addresses.get(name);
    if (address !== undefined) return parseAddress(address).port;
    if (routerPort !== 0 && !routerMayMove) return routerPort;
    const wished = this.#ports[name] ?? routerPort;
    const port = wished === 0 ? 0 : await portIfFree(host, wished);
    if (port !== wished) this.#say('moved', `port ${wished} is taken, the router takes a free one`);
    return port;
  }

  async #serverCommandLine(name: string, cluster: ClusterId, id: ServerId): Promise<readonly string[]> {
    const { host, dataFolder } = this.#options;
    return serverCommandLine(this.#options, {
      cluster,
      id,
      port: await portIfFree(host, this.#ports[name] ?? 0),
      folder: join(dataFolder, name),
      routers: this.#addresses.has(ROUTER) ? this.routerAddresses : [],
      place: 1 + this.#servers.findIndex((server) => server.name === name),
    });
  }

  async #certifyServers(): Promise<void> {
    const parts = this.#servers.map(partOf);
    for (const server of this.#servers)
      this.#dialling.set(server.name, await this.#certified(parts, partOf(server)));
  }

  /** Makes what is missing of these. @returns the credentials of one of them; undefined: without TLS */
  async #certified(parts: readonly Part[], one: Part): Promise<NetworkCredentials | undefined> {
    const { certs } = this.#options;
    if (certs === undefined) return undefined;
    if (await ensure(certs, parts)) this.#say('certificates', `made in ${quote(resolve(certs))}`);
    // Each process reports what happens to its own certificate.
    const isOwn = one === LOCAL_OPERATOR;
    const watched = watchCredentials(certs, one, isOwn ? (event, text) => this.#say(event, text) : () => {});
    this.#watched.push(watched);
    return watched.credentials;
  }

  #watch(client: RouterClient): void {
    this.#watching = client.watch().subscribe({
      next: ({ assignments }) => {
        for (const assignment of assignments) this.#assignments.set(assignment.cluster, assignment);
        this.#onAssignment();
      },
      error: (error: Error) => this.#say('watch-ended', error.message),
    });
  }

  #isPrimary({ cluster, id }: LocalServer): boolean {
    return this.#assignments.get(cluster)?.primary?.serverId === id;
  }

  /** Servers that are not live and in sync yet. */
  #missing(): readonly string[] {
    const isWell = ({ cluster, id }: LocalServer): boolean =>
      this.#assignments
        .get(cluster)
        ?.members.some((member) => member.serverId === id && member.live && member.inSync) === true;
    return this.#servers.filter((server) => !isWell(server)).map(({ name }) => name);
  }

  #warnOfServersLeftOut(clusters: number): void {
    for (let cluster = 1; cluster <= clusters; cluster += 1) this.#warnOfServersLeftOutOf(cluster, clusters);
  }

  #warnOfServersLeftOutOf(cluster: ClusterId, clusters: number): void {
    const { servers, dataFolder } = this.#options;
    const name = (id: number): string => nameOf(cluster, clusters, serverId(id));
    for (let id = servers + 1; existsSync(join(dataFolder, name(id))); id += 1)
      this.#say(
        'left-out',
        `${name(id)} has data in the folder but is not started (--servers ${servers}); writes it alone holds can't be had`,
      );
  }

  #say(event: string, text: string): void {
    this.#report({ part: 'up', event, text });
  }
}

const partOf = ({ cluster, id }: LocalServer): Part => ({ role: 'server', cluster, serverId: id });

/** A folder of a version without certificates, or one that ran with `--insecure`. */
const upgradeText = (certs: string): string =>
  `this network ran without TLS until now; from now on its parts and clients use it. Your clients on this machine know; those elsewhere need --ca with a copy of ${quote(resolve(certs, NETWORK_FILE))}, and csce438 programs need --classic here`;
/** Whether the router of the network keeps its state in files there. */
export const isKeptInFiles = (dataFolder: string): boolean => {
  const folder = join(dataFolder, ROUTER);
  return existsSync(join(folder, 'assignments.log')) && !existsSync(join(folder, 'moved.json'));
};

/** With only one cluster its number is left out. */
const nameOf = (cluster: ClusterId, clusters: number, id: ServerId): string =>
  serverNameIn(clusters > 1 ? cluster : undefined, id);

/** The role in its lock, by which `down` and `status` find it. */
export const UP_ROLE = 'dualping up';

/** The lock's error names the process; a person also needs its address. */
function refuseIfUp(folder: string): void {
  const holder = holderOf(folder);
  if (holder?.role !== UP_ROLE) return;
  const router = readPlaces(folder).addresses?.router;
  const where = router === undefined ? '' : `, its router is at ${router}`;
  throw new DualpingError(
    'invalid-argument',
    `data folder ${quote(resolve(folder))} is in use by ${UP_ROLE} (pid ${holder.pid})${where}: see dualping status, end it with dualping down`,
  );
}

/** The lines that are printed once it runs. */
export function renderPlaces(places: readonly Place[]): readonly string[] {
  const width = Math.max(...places.map(({ name }) => name.length));
  return places.map(
    ({ name, role, address, pid }) =>
      `${name.padEnd(width)}  ${name.startsWith(role) ? ''.padEnd(7) : role}  ${address}  pid ${pid ?? '?'}`,
  );
}
