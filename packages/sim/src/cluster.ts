/** All processes of one world, put together from a setup. */
import type { Checkers } from './checkers/checker.js';
import { ClientProcess } from './client-process.js';
import type { Core } from './core.js';
import { Network } from './network.js';
import type { Process, Surroundings } from './process.js';
import { Random } from './random.js';
import { RouterProcess } from './router-process.js';
import { ServerProcess } from './server-process.js';
import { BLACK_HOLE, ROUTER_ALIAS, type Setup } from './setup.js';
import { Supervisor } from './supervisor.js';
import { Person } from './workload.js';
import type { World } from './world.js';

/** A router that died is started again by whatever started it, ms. */
const ROUTER_RESTART_MS = 200;

export class Cluster {
  readonly network: Network;
  readonly router: RouterProcess;
  readonly servers: readonly ServerProcess[];
  readonly clients: readonly ClientProcess[];
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #people: readonly Person[];
  #routerHeld = 0;

  constructor(
    readonly setup: Setup,
    readonly world: World,
    readonly checkers: Checkers,
    core: Core,
  ) {
    const random = new Random(`${setup.seed}/world`);
    this.network = new Network(world, random.fork('network'), setup.network);
    this.network.blackHole(BLACK_HOLE);
    const around: Surroundings = { world, network: this.network, random };
    const { timing, routers, clusters } = setup;
    const forgets = setup.limits === 'small';
    this.router = new RouterProcess({ ...around, core, checkers, timing, clusters });
    this.router.syncMs = { least: 0.05, mean: setup.routerSyncMs };
    this.network.enter(this.router, ROUTER_ALIAS);
    this.router.onDied = () => this.#restartRouterSoon();
    this.servers = Array.from({ length: clusters }, (_, cluster) =>
      Array.from(
        { length: setup.servers },
        (_none, at) =>
          new ServerProcess(at + 1, cluster + 1, { ...around, core, checkers, timing, routers, clusters }),
      ),
    ).flat();
    for (const server of this.servers) {
      server.syncMs.mean = setup.serverSyncMs;
      this.#supervisors.set(server.name, new Supervisor(server, 'router', around));
    }
    this.clients = setup.clients.map(
      ({ name, user, history }) =>
        new ClientProcess(name, user, core.clusterOf(user, clusters), history, {
          ...around,
          core,
          checkers,
          routers,
          forgets,
        }),
    );
    this.#people = this.clients.map((client, at) => {
      const plan = setup.clients[at];
      if (plan === undefined) throw new Error(`${client.name} has no plan`);
      return new Person(world, client, plan, setup, random);
    });
  }

  /** Everybody starts, at about the same time. */
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
  }

  process(name: string): Process {
    const all: Process[] = [this.router, ...this.servers, ...this.clients];
    const found = all.find((process) => process.name === name);
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

  #restartRouterSoon(): void {
    this.world.after(ROUTER_RESTART_MS, 'router is started again', () => this.startRouter());
  }
}
