/**
 * Injects the faults of a schedule into a cluster, and ends them: each in its time, or all at once when
 * everything is healed.
 */
import { AccidentScene } from './accident-scene.js';
import type { Cluster } from './cluster.js';
import { type Fault, faultText } from './faults.js';
import type { Process } from './process.js';
import { RouterProcess } from './router-process.js';
import { ServerProcess } from './server-process.js';
import { LeadingRouter } from './shared-store/leading-router.js';
import { renamed } from './store-faults.js';

type Undo = () => void;
/** From one process to another. */
type Link = readonly [string, string];
type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

/** How often an operator looks whether a disk may be replaced, ms. */
const OPERATOR_LOOKS_MS = 200;
/** After this time the operator gives up, and starts the server as it is, ms. */
const OPERATOR_PATIENCE_MS = 8_000;

export class Nemesis {
  readonly #undone = new Set<Undo>();
  readonly #scene: AccidentScene;
  #healed = false;

  constructor(readonly cluster: Cluster) {
    this.#scene = new AccidentScene(cluster);
  }

  schedule(faults: readonly Fault[]): void {
    const { world } = this.cluster;
    for (const fault of faults)
      world.at(fault.at, `fault ${fault.kind}`, () => {
        world.say('nemesis', faultText(fault));
        this.inflict(fault);
      });
  }

  /** Injects a fault that is not in the schedule, now. */
  strike(fault: Fault): void {
    if (this.#healed) return;
    this.cluster.world.say('ambush', faultText(fault));
    this.inflict(fault);
  }

  /** Injects a fault now, for its length. */
  inflict(fault: Fault): void {
    const { router } = this.cluster;
    this.#lasting(fault.forMs, this.#inject(renamed(fault, () => router.name)));
  }

  /** Ends all faults: from here on nothing is broken. */
  heal(): void {
    this.#healed = true;
    for (const undo of [...this.#undone]) undo();
    this.cluster.restoreOriginals();
    for (const { name } of this.cluster.routers) this.cluster.startRouter(name);
    for (const { name } of this.cluster.servers) this.cluster.supervisor(name).start();
  }

  #lasting(forMs: number, undo: Undo | undefined): void {
    if (undo === undefined) return;
    const once = (): void => {
      if (this.#undone.delete(once)) undo();
    };
    this.#undone.add(once);
    this.cluster.world.after(forMs, 'a fault is over', once);
  }

  #inject(fault: Fault): Undo | undefined {
    const { cluster } = this;
    const { world, network } = cluster;
    switch (fault.kind) {
      case 'kill':
        return this.#kill(fault);
      case 'stop':
        return this.#stop(fault);
      case 'freeze': {
        const process = cluster.process(fault.process);
        return process.running ? process.freeze() : undefined;
      }
      case 'slow-process':
        return cluster.process(fault.process).slowDown(fault.costMs);
      case 'cut':
        return this.#cut(fault);
      case 'sever':
        network.sever(fault.one, fault.other, fault.quiet);
        return undefined;
      case 'isolate':
        return this.#isolate(fault);
      case 'split':
        return this.#split(fault);
      case 'misroute':
        return network.misroute(fault.process, fault.to);
      case 'slow-link': {
        const { from, to, slowMs } = fault;
        network.slow(from, to, slowMs);
        return () => network.slow(from, to, -slowMs);
      }
      case 'slow-disk': {
        const { syncMs } = fault;
        const owner = cluster.process(fault.process);
        if (isRouter(owner)) return cluster.routerStore.slowDown(syncMs);
        if (!(owner instanceof ServerProcess)) return undefined;
        owner.syncMs.mean += syncMs;
        return () => {
          owner.syncMs.mean -= syncMs;
        };
      }
      case 'full-disk': {
        const { disk } = cluster.server(fault.process);
        disk.full += 1;
        return () => {
          disk.full -= 1;
        };
      }
      case 'failing-disk':
        cluster.server(fault.process).disk.failing = true;
        return undefined;
      case 'wipe':
        return this.#wipe(fault);
      case 'clock-jump':
        cluster.process(fault.process).clock.jump(world.now, fault.aheadMs, fault.wallMs);
        return undefined;
      case 'clock-drift': {
        const { clock } = cluster.process(fault.process);
        clock.setRate(world.now, fault.rate);
        return () => clock.setRate(world.now, 1);
      }
      case 'handover':
        // The time of the fault chooses the cluster: a schedule has no clusters.
        cluster.router.handOver((Math.floor(fault.at) % cluster.setup.clusters) + 1);
        return undefined;
      case 'stale-report': {
        const { incarnation } = cluster.server(fault.process);
        if (incarnation > fault.livesAgo)
          cluster.supervisor(fault.process).report(incarnation - fault.livesAgo);
        return undefined;
      }
      case 'store-away':
        return cluster.routerStore.hang();
      case 'slow-store':
        return cluster.routerStore.slowDown(fault.slowMs);
      case 'store-cut':
        return cluster.severalRouters?.etcd.cutOff(fault.process, fault.way);
      case 'router-cut':
        return this.#cutRouter(fault);
      case 'router-handover':
        cluster.severalRouters?.leader?.handOverLeading();
        return undefined;
      default:
        return this.#scene.inject(fault);
    }
  }

  #cutRouter({ process, from, way, lose }: FaultOf<'router-cut'>): Undo {
    const { routers, servers, clients } = this.cluster;
    const others = { routers, servers, clients }[from].filter(({ name }) => name !== process);
    return this.#cutAll(linksOf(process, others, way), lose);
  }

  #kill({ process: name, powerLost, afterOutputs }: FaultOf<'kill'>): Undo | undefined {
    const { cluster } = this;
    const process = cluster.process(name);
    if (process instanceof ServerProcess) {
      const release = cluster.supervisor(name).hold();
      if (process.running && afterOutputs !== undefined) process.dieAfterOutputs = afterOutputs;
      else this.#killServer(process, powerLost);
      return () => {
        process.dieAfterOutputs = undefined;
        release();
      };
    }
    if (isRouter(process)) {
      const release = cluster.holdRouter(name);
      if (process.running && afterOutputs !== undefined) process.dieAfterOutputs = afterOutputs;
      else process.kill(powerLost);
      return () => {
        process.dieAfterOutputs = undefined;
        release();
      };
    }
    const client = cluster.clients.find((it) => it.name === name);
    if (client?.running !== true) return undefined;
    client.kill();
    return () => {
      if (!client.running) client.start();
    };
  }

  #killServer(server: ServerProcess, powerLost: boolean): void {
    if (!server.running) return;
    server.kill(powerLost);
    this.cluster.supervisor(server.name).lost(powerLost ? 'its machine lost power' : 'killed');
  }

  #stop({ process }: FaultOf<'stop'>): Undo {
    const { cluster } = this;
    const router = cluster.routerProcess(process);
    if (router instanceof LeadingRouter) {
      const release = cluster.holdRouter(process);
      router.resign();
      return release;
    }
    const release = cluster.supervisor(process).hold();
    cluster.server(process).stop();
    return release;
  }

  #isolate({ process, lose, way = 'both' }: FaultOf<'isolate'>): Undo {
    const others = this.cluster.processes.filter(({ name }) => name !== process);
    return this.#cutAll(linksOf(process, others, way), lose);
  }

  #split({ aside, lose, oneWay = false }: FaultOf<'split'>): Undo {
    const others = this.cluster.servers.filter(({ name }) => !aside.includes(name));
    const links = aside.flatMap((one) => others.map(({ name }): Link => [one, name]));
    const back = oneWay ? [] : links.map(([from, to]): Link => [to, from]);
    return this.#cutAll([...links, ...back], lose);
  }

  #cutAll(links: readonly Link[], lose: boolean): Undo {
    const { network } = this.cluster;
    for (const [from, to] of links) network.cut(from, to, lose);
    return () => {
      for (const [from, to] of links) network.heal(from, to);
    };
  }

  #cut({ from, to, both, lose }: FaultOf<'cut'>): Undo {
    const { network } = this.cluster;
    network.cut(from, to, lose);
    if (both) network.cut(to, from, lose);
    return () => {
      network.heal(from, to);
      if (both) network.heal(to, from);
    };
  }

  /**
   * An operator replaces a server's disk: with the server down, and only once nothing is lost with it.
   * No protocol can survive an operator who does it earlier.
   */
  #wipe({ process: name, damaged }: FaultOf<'wipe'>): Undo {
    const { cluster } = this;
    const { world } = cluster;
    const server = cluster.server(name);
    const supervisor = cluster.supervisor(name);
    const release = supervisor.hold();
    this.#killServer(server, false);
    const until = world.now + OPERATOR_PATIENCE_MS;
    const look = (): void => {
      if (this.#healed || world.now > until) return;
      if (!cluster.mayDoWithout(server)) {
        world.after(OPERATOR_LOOKS_MS, 'the operator looks', look);
        return;
      }
      if (damaged) world.say(name, 'refuses to start: its journal is damaged');
      world.say(name, 'gets an empty disk');
      server.wipe();
    };
    world.after(OPERATOR_LOOKS_MS, 'the operator looks', look);
    return release;
  }
}

const isRouter = (process: Process): process is RouterProcess | LeadingRouter =>
  process instanceof RouterProcess || process instanceof LeadingRouter;

const linksOf = (
  process: string,
  others: readonly { readonly name: string }[],
  way: 'in' | 'out' | 'both',
): readonly Link[] =>
  others.flatMap(({ name }): Link[] => [
    ...(way === 'out' ? [] : [[name, process] as const]),
    ...(way === 'in' ? [] : [[process, name] as const]),
  ]);
