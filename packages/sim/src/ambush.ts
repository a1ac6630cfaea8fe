/**
 * Injects faults exactly when something important changes: the in-sync set, an epoch, a join, a snapshot. A
 * schedule by the clock seldom hits these moments. The moments depend on the run; a generator of its own
 * decides what happens in them.
 */
import type { ClusterRecord, PrimaryMessage } from '@dualping/core';
import type { Checker } from './checkers/checker.js';
import type { Cluster } from './cluster.js';
import type { Fault } from './faults.js';
import { Random } from './random.js';
import { ROUTER } from './router-view.js';
import type { ServerProcess } from './server-process.js';
import { serverNameOf } from './setup.js';

export interface AmbushPlan {
  /** Share of the moments that are used. */
  readonly chance: number;
  /** Most faults in one world. */
  readonly most: number;
}

/** Share of worlds with ambushes. */
const SHARE = 0.08;
/** Share of messages with entries that count as moments: they come all the time. */
const ENTRIES_SHARE = 0.01;
/** Share of syncs of the router's record that count as moments. */
const RECORDED_SHARE = 0.3;

export function ambushFrom(random: Random): AmbushPlan | undefined {
  if (!random.chance(SHARE)) return undefined;
  return { chance: random.pick([0.2, 0.5, 0.9]), most: random.pick([20, 60, 200]) };
}

type WithoutTime<F> = F extends Fault ? Omit<F, 'at'> : never;
type Strike = WithoutTime<Fault>;

export class Ambush implements Checker {
  readonly #random: Random;
  readonly #last = new Map<number, ClusterRecord>();
  #strikes = 0;

  constructor(
    readonly plan: AmbushPlan,
    readonly cluster: Cluster,
    readonly strike: (fault: Fault) => void,
  ) {
    this.#random = new Random(`${cluster.setup.seed}/strikes`);
  }

  decided(record: ClusterRecord): void {
    const before = this.#last.get(record.cluster);
    this.#last.set(record.cluster, record);
    const setOf = ({ inSync }: ClusterRecord): string => inSync.map(({ journalId }) => journalId).join();
    if (before?.epoch !== record.epoch || setOf(before) !== setOf(record)) this.#perhaps(record);
  }

  recorded(record: ClusterRecord): void {
    if (this.#random.chance(RECORDED_SHARE)) this.#perhaps(record);
  }

  toStandby({ cluster }: ServerProcess, _stream: object, { kind }: PrimaryMessage): void {
    const record = this.#last.get(cluster);
    if (record === undefined) return;
    const isMoment = kind === 'joined' || kind === 'snapshot-needed';
    if (isMoment || (kind === 'entries' && this.#random.chance(ENTRIES_SHARE))) this.#perhaps(record);
  }

  #perhaps(record: ClusterRecord): void {
    const { world, setup } = this.cluster;
    const random = this.#random;
    if (world.now > setup.stormMs || this.#strikes >= this.plan.most || !random.chance(this.plan.chance))
      return;
    for (let count = random.pick([1, 1, 2, 3]); count > 0; count -= 1) {
      this.#strikes += 1;
      const strike = this.#choose(record);
      const delayMs = random.pick([
        0,
        random.exponential(0.5),
        random.exponential(3),
        random.exponential(30),
      ]);
      world.after(delayMs, 'ambush', () => {
        if (world.now <= setup.stormMs) this.strike({ ...strike, at: world.now });
      });
    }
  }

  #choose({ cluster, primary, inSync }: ClusterRecord): Strike {
    const random = this.#random;
    const all = this.cluster.servers.filter((it) => it.cluster === cluster).map(({ name }) => name);
    const one = primary === undefined ? random.pick(all) : serverNameOf(primary.serverId, cluster);
    const standbys = inSync
      .map(({ serverId }) => serverNameOf(serverId, cluster))
      .filter((name) => name !== one);
    const other = standbys.length > 0 ? random.pick(standbys) : random.pick(all);
    const server = random.pick([one, other]);
    const process = random.chance(0.2) ? ROUTER : server;
    const forMs = Math.round(random.pick([5, 30, random.exponential(300), random.within(500, 6_000)]));
    const links = [
      [one, ROUTER],
      [other, ROUTER],
      [one, other],
    ].filter(([from, to]) => from !== to) as [string, string][];
    const [a, b] = random.pick(links);
    const [from, to] = random.chance(0.5) ? [a, b] : [b, a];
    const powerLost = random.chance(0.5);
    const quiet = random.chance(0.5);
    switch (
      random.pick(['kill', 'kill', 'kill', 'freeze', 'freeze', 'cut', 'cut', 'sever', 'slow', 'stop', 'move'])
    ) {
      case 'kill': {
        const afterOutputs = random.chance(0.4) ? random.below(5) : undefined;
        return { kind: 'kill', process, powerLost, afterOutputs, forMs };
      }
      case 'freeze':
        return { kind: 'freeze', process, forMs };
      case 'cut':
        return { kind: 'cut', from, to, both: random.chance(0.4), lose: random.chance(0.4), forMs };
      case 'sever':
        return { kind: 'sever', one: from, other: to, quiet, forMs: 0 };
      case 'slow':
        return { kind: 'slow-disk', process, syncMs: random.exponential(200), forMs };
      case 'stop':
        return { kind: 'stop', process: server, forMs };
      default:
        return { kind: 'handover', forMs: 0 };
    }
  }
}
