/** All processes of one world, made from a setup. */
import type { ClusterId } from '@dualping/core';
import { Checkers } from './checkers/checker.js';
import { ClientProcess } from './client-process.js';
import type { Build } from './core.js';
import { Keyholders, type PrimaryPlace } from './keyholders.js';
import { Network } from './network.js';
import type { Process, Surroundings } from './process.js';
import { Random } from './random.js';
import { RouterProcess } from './router-process.js';
import { isCopy, type ServerDisk } from './server-disk.js';
import { ServerProcess } from './server-process.js';
import { BLACK_HOLE, ROUTER_ALIAS, type Setup, serverNameOf } from './setup.js';
import { Supervisor } from './supervisor.js';
import { Trespasser } from './trespasser.js';
import { Person } from './workload.js';
import type { World } from './world.js';

/** A disk whose mean sync is longer counts as slow, ms. */
const SLOW_SYNC_MS = 50;
/** After this time a router that died is started again, ms. */
const ROUTER_RESTART_MS = 200;

export class Cluster {
  readonly network: Network;
  readonly router: RouterProcess;
  readonly servers: readonly ServerProcess[];
  readonly clients: readonly ClientProcess[];
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #people: readonly Person[];
  readonly #around: Surroundings;
  readonly #build: Build;
  #trespasser: Trespasser | undefined;
  readonly #keyholders: Keyholders | undefined;
  #routerHeld = 0;
  /** How many processes were added to those of the setup. */
  #extra = 0;
  readonly #twins = new Set<ServerProcess>();
  /** Disks that were replaced by older copies of themselves. */
  readonly #originals: (readonly [ServerProcess, ServerDisk])[] = [];

  constructor(
    readonly setup: Setup,
    readonly world: World,
    readonly checkers: Checkers,
    build: Build,
  ) {
    const random = new Random(`${setup.seed}/world`);
    this.network = new Network(world, random.fork('network'), setup.network);
    this.network.blackHole(BLACK_HOLE);
    const around: Surroundings = { world, network: this.network, random };
    this.#around = around;
    this.#build = build;
    const { timing, routers, clusters } = setup;
    const forgets = setup.limits !== 'production';
    this.router = new RouterProcess({ ...around, ...build, checkers, timing, clusters });
    this.router.disk.syncMs = { least: 0.05, mean: setup.routerSyncMs };
    this.network.enter(this.router, ROUTER_ALIAS);
    this.router.onDied = () => this.#restartRouterSoon();
    this.servers = Array.from({ length: clusters }, (_, cluster) =>
      Array.from(
        { length: setup.servers },
        (_none, at) =>
          new ServerProcess(at + 1, cluster + 1, {
            ...around,
            ...build,
            checkers,
            timing,
            routers,
            clusters,
          }),
      ),
    ).flat();
    for (const server of this.servers) {
      server.syncMs.mean = setup.serverSyncMs;
      this.#supervisors.set(server.name, new Supervisor(server, 'router', around));
    }
    this.clients = setup.clients.map(
      ({ name, user, history }) =>
        new ClientProcess(name, user, build.core.clusterOf(user, clusters), history, {
          ...around,
          ...build,
          checkers,
          routers,
          forgets,
        }),
    );
    if (setup.keyholders)
      this.#keyholders = new Keyholders({ ...around, checkers, primary: () => this.#primaryPlace() });
    this.#people = this.clients.map((client, at) => {
      const plan = setup.clients[at];
      if (plan === undefined) throw new Error(`${client.name} has no plan`);
      return new Person(world, client, plan, setup, random);
    });
  }

  /** All processes start, at about the same time. */
  start(): void {
    const random = new Random(`${this.setup.seed}/starts`);
    const soon = (who: string, run: () => void): void => {
      this.world.after(random.within(0, 100), `${who} starts`, run);
    };
    soon('router', () => this.startRouter());
    for (const supervisor of this.#supervisors.values())
      soon(supervisor.server.name, () => supervisor.start());
    for (const client of this.clients) soon(client.name, () => client.start());
    for (const person of this.#people) person.live();
    this.#keyholders?.work(this.setup.stormMs);
  }

  /** As the router last decided. */
  #primaryPlace(): PrimaryPlace | undefined {
    const { epoch, primary } = this.router.assignmentOf(1) ?? {};
    if (epoch === undefined || primary === undefined) return undefined;
    return { address: serverNameOf(primary.serverId, 1), epoch };
  }

  /** Servers of a cluster, with those that run from copies of their folders. */
  serverProcesses(cluster: ClusterId): ServerProcess[] {
    return [...this.servers, ...this.#twins].filter((server) => server.cluster === cluster);
  }

  get processes(): readonly Process[] {
    return [this.router, ...this.servers, ...this.clients];
  }

  process(name: string): Process {
    const found = this.processes.find((process) => process.name === name);
    if (found === undefined) throw new Error(`there is no ${name} in this world`);
    return found;
  }

  server(name: string): ServerProcess {
    const found = this.servers.find((server) => server.name === name);
    if (found === undefined) throw new Error(`there is no server ${name} in this world`);
    return found;
  }

  supervisor(name: string): Supervisor {
    const found = this.#supervisors.get(name);
    if (found === undefined) throw new Error(`nobody supervises ${name}`);
    return found;
  }

  startRouter(): void {
    if (this.router.running || this.#routerHeld > 0) return;
    this.world.say('router', 'starts');
    this.router.start();
  }

  /** Keeps the router down until the hold is released. */
  holdRouter(): () => void {
    this.#routerHeld += 1;
    return () => {
      this.#routerHeld -= 1;
      this.#restartRouterSoon();
    };
  }

  /** Makes a second server with a copy of a server's folder. It is not supervised. */
  makeTwin(name: string): ServerProcess {
    this.#extra += 1;
    const twin = this.server(name).twin(`${name}-twin-${this.#extra}`);
    this.#twins.add(twin);
    return twin;
  }

  routerIsWell(): boolean {
    const { router } = this;
    return (
      this.#routerHeld === 0 &&
      router.isProper &&
      !router.disk.isHung &&
      router.disk.syncMs.mean <= SLOW_SYNC_MS
    );
  }

  /** Whether nothing keeps a server from its work with the router, if it runs. */
  isWell(server: ServerProcess): boolean {
    const { network, router } = this;
    const { name, disk, syncMs } = server;
    const diskIsWell = disk.full === 0 && !disk.failing && !disk.isHung && disk.age === 'newest';
    const isLinked =
      !network.isMisrouted(name) && network.isWhole(name, router.name) && network.isWhole(router.name, name);
    return server.isProper && diskIsWell && syncMs.mean <= SLOW_SYNC_MS && isLinked;
  }

  /** Ends a twin. If its folder is the in-sync copy now, it goes back to the original's place. */
  endTwin(twin: ServerProcess, name: string): void {
    const server = this.server(name);
    const release = this.supervisor(name).hold();
    twin.kill();
    this.#twins.delete(twin);
    // Also if the twin was seen and not added again yet: the chain of lives goes on with its folder.
    const isNewest = twin.disk.age === 'newest' || !this.isInSync(server.disk);
    if (isNewest && this.isInSync(twin.disk) && !server.isLost) {
      server.kill();
      this.world.say(name, `gets the folder of ${twin.name}`);
      server.putIn(twin.disk.copy(server.disk.owner));
    }
    release();
  }

  isInSync(disk: ServerDisk): boolean {
    for (let cluster = 1; cluster <= this.setup.clusters; cluster += 1)
      for (const copy of this.router.recordOf(cluster)?.inSync ?? []) if (isCopy(copy, disk)) return true;
    return false;
  }

  /** Whether a journal is on some disk, even if a copy is in its place now. */
  isKept(journalId: string): boolean {
    return (
      [...this.servers, ...this.#twins].some((it) => !it.isLost && it.journalId === journalId) ||
      this.#originals.some(([server, disk]) => !server.isLost && disk.journalId === journalId)
    );
  }

  /** Starts a second router with a copy of the router's folder. Returns a function that ends it. */
  startSecondRouter(): () => void {
    const { timing, clusters } = this.setup;
    this.#extra += 1;
    // The checkers must not take its messages for those of the true router.
    const around = { ...this.#around, ...this.#build, checkers: new Checkers(), timing, clusters };
    const second = new RouterProcess(around, `router-${this.#extra}`);
    second.disk.putIn(this.router.disk.folder());
    second.start();
    const leave = this.network.misroute(this.router.name, second.name);
    return () => {
      leave();
      second.kill();
    };
  }

  get trespasser(): Trespasser {
    this.#trespasser ??= new Trespasser('trespasser', this.#around);
    return this.#trespasser;
  }

  keepOriginal(server: ServerProcess, disk: ServerDisk): void {
    this.#originals.push([server, disk]);
  }

  /** An operator puts the true disks back where nothing else helps. */
  restoreOriginals(): void {
    for (const [server, disk] of this.#originals) {
      if (server.isLost || server.disk === disk || !this.isInSync(disk) || this.isInSync(server.disk))
        continue;
      const release = this.supervisor(server.name).hold();
      server.kill();
      if (disk.incarnation < server.disk.incarnation)
        disk.addStarts(server.disk.incarnation - disk.incarnation);
      server.putIn(disk);
      this.world.say(server.name, 'has its own disk again');
      release();
    }
  }

  /** Whether a server that is down is no longer needed: other in-sync servers have everything that it has. */
  mayDoWithout(server: ServerProcess): boolean {
    const record = this.router.recordOf(server.cluster);
    const told = this.router.assignmentOf(server.cluster);
    if (server.running || record === undefined || told === undefined) return false;
    // It is unknown which of the waiting in-sync sets will be on its disk afterwards.
    if (this.router.disk.isHung) return false;
    if (told.members.some(({ serverId, live }) => serverId === server.id && live)) return false;
    // A frozen router may still read an older message of the server, and make it primary.
    if (this.network.mayStillHear(server.name, this.router.name)) return false;
    return [record.inSync, told.inSync].every((inSync) =>
      inSync.some(({ serverId, journalId }) =>
        this.servers.some(
          (it) =>
            it !== server &&
            !it.isLost &&
            it.disk.age === 'newest' &&
            it.cluster === server.cluster &&
            it.id === serverId &&
            it.journalId === journalId,
        ),
      ),
    );
  }

  #restartRouterSoon(): void {
    this.world.after(ROUTER_RESTART_MS, 'router is started again', () => this.startRouter());
  }
}
