/** All processes of one world, made from a setup. */
import { CLUSTERS_PREFIX, type ClusterId, type ClusterRecord } from '@dualping/core';
import { Checkers } from './checkers/checker.js';
import { ClientProcess } from './client-process.js';
import type { Build } from './core.js';
import { Keyholders, type PrimaryPlace } from './keyholders.js';
import { Network } from './network.js';
import type { Process, Surroundings } from './process.js';
import { Random } from './random.js';
import { type RouterFolder, SLOW_SYNC_MS } from './router-disk.js';
import { RouterProcess } from './router-process.js';
import type { RouterSurroundings } from './router-reign.js';
import type { RouterStore, RouterView } from './router-view.js';
import { isCopy, type ServerDisk } from './server-disk.js';
import { ServerProcess } from './server-process.js';
import { BLACK_HOLE, ROUTER_ALIAS, routerNameOf, type Setup, serverNameOf } from './setup.js';
import { LeadingRouter } from './shared-store/leading-router.js';
import { ModelEtcd } from './shared-store/model-etcd.js';
import { EtcdRecords, SeveralRouters } from './shared-store/several-routers.js';
import { Supervisor } from './supervisor.js';
import { Trespasser } from './trespasser.js';
import { Person } from './workload.js';
import type { World } from './world.js';

/** After this time a router that died is started again, ms. */
const ROUTER_RESTART_MS = 200;
/** How often the model of etcd ends leases that are over, ms. */
const LEASE_LOOK_MS = 25;

/** What a world has of routers. */
interface Routers {
  readonly processes: readonly (RouterProcess | LeadingRouter)[];
  readonly view: RouterView;
  readonly store: RouterStore;
  /** Of several; undefined: the router is alone. */
  readonly several: SeveralRouters | undefined;
}

export class Cluster {
  readonly network: Network;
  readonly #routers: Routers;
  readonly servers: readonly ServerProcess[];
  readonly clients: readonly ClientProcess[];
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #people: readonly Person[];
  readonly #around: Surroundings;
  readonly #build: Build;
  #trespasser: Trespasser | undefined;
  readonly #keyholders: Keyholders | undefined;
  /** How many faults keep each router down. */
  readonly #routersHeld = new Map<string, number>();
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
    random = new Random(`${setup.seed}/world`),
  ) {
    this.network = new Network(world, random.fork('network'), setup.network);
    this.network.blackHole(BLACK_HOLE);
    const around: Surroundings = { world, network: this.network, random };
    this.#around = around;
    this.#build = build;
    const { timing, routers, clusters } = setup;
    const forgets = setup.limits !== 'production';
    const routerAround = { ...around, ...build, checkers, timing, clusters };
    this.#routers =
      setup.routerCount === 1 ? this.#aloneRouter(routerAround) : this.#severalRouters(routerAround);
    for (const router of this.routers) router.onDied = () => this.#restartRouterSoon(router.name);
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
      this.#supervisors.set(
        server.name,
        new Supervisor(
          server,
          this.routers.map(({ name }) => name),
          around,
        ),
      );
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
    for (const { name } of this.routers) soon(name, () => this.startRouter(name));
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

  /** The router, or its routers together. */
  get router(): RouterView {
    return this.#routers.view;
  }

  get routers(): readonly (RouterProcess | LeadingRouter)[] {
    return this.#routers.processes;
  }

  /** Where routers keep their records. */
  get routerStore(): RouterStore {
    return this.#routers.store;
  }

  /** Undefined where the router is alone. */
  get severalRouters(): SeveralRouters | undefined {
    return this.#routers.several;
  }

  get processes(): readonly Process[] {
    return [...this.routers, ...this.servers, ...this.clients];
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

  routerProcess(name: string): RouterProcess | LeadingRouter | undefined {
    return this.routers.find((router) => router.name === name);
  }

  startRouter(name: string): void {
    const router = this.routerProcess(name);
    if (router === undefined || router.running || this.#isHeld(name)) return;
    this.world.say(name, 'starts');
    router.start();
  }

  /** Keeps a router down until the hold is released. */
  holdRouter(name: string): () => void {
    this.#routersHeld.set(name, (this.#routersHeld.get(name) ?? 0) + 1);
    return () => {
      this.#routersHeld.set(name, (this.#routersHeld.get(name) ?? 0) - 1);
      this.#restartRouterSoon(name);
    };
  }

  /**
   * All routers are killed and kept down, and their store is replaced.
   *
   * @returns a function that starts them
   */
  replaceStore(folder: (present: RouterFolder) => RouterFolder): () => void {
    const releases = this.routers.map((router) => {
      const release = this.holdRouter(router.name);
      router.kill();
      return release;
    });
    this.routerStore.putIn(folder(this.routerStore.folder()));
    return () => {
      for (const release of releases) release();
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
    return this.routerStanding !== undefined;
  }

  /** Which routers could decide now; undefined: none, or that is in between. */
  get routerStanding(): string | undefined {
    const { several, processes, store } = this.#routers;
    if (several !== undefined) return several.standing;
    const isWell = processes.every(({ name, isProper }) => isProper && !this.#isHeld(name)) && store.isWell;
    return isWell ? 'a router' : undefined;
  }

  /** Whether nothing keeps a server from its work with the router, if it runs. */
  isWell(server: ServerProcess): boolean {
    const { network, routers } = this;
    const { name, disk, syncMs } = server;
    const diskIsWell = disk.full === 0 && !disk.failing && !disk.isHung && disk.age === 'newest';
    const isLinked =
      !network.isMisrouted(name) &&
      routers.every((router) => network.isWhole(name, router.name) && network.isWhole(router.name, name));
    return server.isProper && diskIsWell && syncMs.mean <= SLOW_SYNC_MS && isLinked;
  }

  /** Whether no message gets from a server to any router, or back. */
  isCutOff({ name }: ServerProcess): boolean {
    const { network, routers } = this;
    return routers.every((router) => network.isCut(name, router.name) && network.isCut(router.name, name));
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
    second.disk.putIn(this.routerStore.folder());
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
      if (server.isLost || server.disk === disk || !this.isInSync(disk)) continue;
      // An older journal has the id of the in-sync copy until its server starts.
      const counts = this.isInSync(server.disk) || this.#isToCount(server);
      if (counts && server.disk.judged().olderThan === undefined) continue;
      const release = this.supervisor(server.name).hold();
      server.kill();
      if (disk.incarnation < server.disk.incarnation)
        disk.addStarts(server.disk.incarnation - disk.incarnation);
      server.putIn(disk);
      this.world.say(server.name, 'has its own disk again');
      release();
    }
  }

  /** Whether the router has decided that the server's present disk counts: an operator has chosen it. */
  #isToCount({ id, cluster, disk }: ServerProcess): boolean {
    const { inSync = [] } = this.router.assignmentOf(cluster) ?? {};
    return inSync.some(({ serverId, journalId }) => serverId === id && journalId === disk.journalId);
  }

  /** Whether a server that is down is no longer needed: other in-sync servers have everything that it has. */
  mayDoWithout(server: ServerProcess): boolean {
    const record = this.router.recordOf(server.cluster);
    const told = this.router.assignmentOf(server.cluster);
    if (server.running || record === undefined || told === undefined) return false;
    // It is unknown which of the waiting in-sync sets will be on its disk afterwards.
    if (this.routerStore.isInDoubt) return false;
    if (told.members.some(({ serverId, live }) => serverId === server.id && live)) return false;
    // A frozen router may still read an older message of the server, and make it primary.
    if (this.routers.some(({ name }) => this.network.mayStillHear(server.name, name))) return false;
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

  #isHeld(router: string): boolean {
    return (this.#routersHeld.get(router) ?? 0) > 0;
  }

  #restartRouterSoon(name: string): void {
    this.world.after(ROUTER_RESTART_MS, `${name} is started again`, () => this.startRouter(name));
  }

  #aloneRouter(around: RouterSurroundings): Routers {
    const router = new RouterProcess(around);
    router.disk.syncMs = { least: 0.05, mean: this.setup.routerSyncMs };
    this.network.enter(router, ROUTER_ALIAS);
    return { processes: [router], view: router, store: router.disk, several: undefined };
  }

  #severalRouters(around: RouterSurroundings): Routers {
    const { world, checkers, setup } = this;
    const etcd = new ModelEtcd(world, around.random.fork('etcd'));
    etcd.onPut = (key, value, by) => {
      if (!key.startsWith(CLUSTERS_PREFIX)) return;
      several.checkWriter(by);
      checkers.tell('recorded', JSON.parse(value) as ClusterRecord);
    };
    const endLeases = (): void => {
      etcd.expire();
      world.after(LEASE_LOOK_MS, 'etcd looks at its leases', endLeases);
    };
    endLeases();
    const processes: readonly LeadingRouter[] = Array.from(
      { length: setup.routerCount },
      (_, at) =>
        new LeadingRouter(routerNameOf(at + 1), { ...around, etcd, networkId: () => store.networkId }),
    );
    const several = new SeveralRouters(processes, etcd);
    const store = new EtcdRecords(several, etcd);
    return { processes, view: several, store, several };
  }
}
