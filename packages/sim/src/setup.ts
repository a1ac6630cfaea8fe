/** Everything that defines a world, as plain values made from one seed. */
import { type ClusterId, clusterOf, type Timing, type UserName } from '@dualping/core';
import { type AccidentName, ALONE, NOT_YET, scheduleAccidents } from './accidents.js';
import { type AmbushPlan, ambushFrom } from './ambush.js';
import { type Fault, scheduleFaults } from './faults.js';
import type { NetworkProfile } from './network.js';
import { Random } from './random.js';
import { withStoreFaults } from './store-faults.js';

export interface ClientPlan {
  readonly name: string;
  readonly user: UserName;
  /** How many past posts it begins with; undefined: it only writes. */
  readonly history: number | undefined;
  /** Mean time between two actions, ms. */
  readonly pauseMs: number;
}

/** `s1`, and `c2s1` in the second cluster. */
export const serverNameOf = (id: number, cluster: ClusterId): string =>
  cluster === 1 ? `s${id}` : `c${cluster}s${id}`;

export interface Setup {
  readonly seed: number;
  /** `small`: limits that worlds reach. `three-sessions`: small, and servers remember only three sessions. */
  readonly limits: 'small' | 'three-sessions' | 'production';
  readonly clusters: number;
  /** More than one share the model of etcd. */
  readonly routerCount: number;
  /** Of each cluster. */
  readonly servers: number;
  readonly clients: readonly ClientPlan[];
  readonly routers: readonly string[];
  readonly timing: Timing;
  readonly network: NetworkProfile;
  /** Mean sync of a server's and of the router's disk, ms. */
  readonly serverSyncMs: number;
  readonly routerSyncMs: number;
  /** How long clients work and faults come; then everything is healed. */
  readonly stormMs: number;
  readonly faults: readonly Fault[];
  /** Faults at the moments of important changes; undefined: none. */
  readonly ambush: AmbushPlan | undefined;
  /** Devices with keys share names, and take one another's. */
  readonly keyholders: boolean;
  /** People come and go, follow and unfollow all the time. */
  readonly churn: boolean;
  /** Time that an operator waits for a primary before promoting without one, ms; undefined: for ever. */
  readonly operatorPatienceMs: number | undefined;
  /** An operator pauses failover and brings clusters to rest now and then. */
  readonly orders: boolean;
}

/** Three servers with production's limits, at which nothing goes wrong by itself and no client is. */
export const CALM: Setup = Object.freeze({
  seed: 0,
  limits: 'production',
  clusters: 1,
  routerCount: 1,
  servers: 3,
  clients: [],
  routers: ['router'],
  timing: { pingIntervalMs: 100, deadAfterMs: 500, reattachGraceMs: 2_000 },
  network: { leastMs: 0.1, meanMs: 0, hiccupChance: 0, hiccupMs: 0 },
  serverSyncMs: 0.1,
  routerSyncMs: 0.1,
  stormMs: 0,
  faults: [],
  ambush: undefined,
  keyholders: false,
  churn: false,
  operatorPatienceMs: undefined,
  orders: false,
});

/** Shares of worlds; each draws from a generator of its own. */
const CHURN_SHARE = 0.12;
const OPERATOR_SHARE = 0.08;
const ORDERS_SHARE = 0.05;
/** Of worlds with production limits: with small ones sessions are forgotten, and with them their keys. */
const KEYHOLDER_SHARE = 0.25;

const TIMINGS: readonly Timing[] = [
  { pingIntervalMs: 100, deadAfterMs: 500, reattachGraceMs: 2_000 },
  { pingIntervalMs: 100, deadAfterMs: 500, reattachGraceMs: 2_000 },
  { pingIntervalMs: 50, deadAfterMs: 150, reattachGraceMs: 1_000 },
  { pingIntervalMs: 20, deadAfterMs: 100, reattachGraceMs: 300 },
  { pingIntervalMs: 200, deadAfterMs: 2_000, reattachGraceMs: 4_000 },
];

/** An address that swallows everything and refuses nothing. */
export const BLACK_HOLE = 'black-hole';
/** Another address of the router. */
export const ROUTER_ALIAS = 'router-too';

/** `router-1` and so on, where there are several. */
export const routerNameOf = (no: number): string => `router-${no}`;

/** All of several, in any order, sometimes with one at which nothing is. */
function severalRoutersFrom(random: Random, count: number): readonly string[] {
  const names = Array.from({ length: count }, (_, at) => routerNameOf(at + 1));
  const nowhere = random.pick([[], [], [], [], ['nowhere'], [BLACK_HOLE]]);
  return random.shuffle([...names, ...nowhere]);
}

/** @param chance from 0 to 1: seven worlds of ten have one address, as most networks do */
function routersFrom(chance: number): readonly string[] {
  if (chance < 0.1) return ['nowhere', 'router'];
  if (chance < 0.2) return [BLACK_HOLE, 'router'];
  if (chance < 0.25) return ['router', BLACK_HOLE];
  if (chance < 0.3) return ['router', ROUTER_ALIAS];
  return ['router'];
}

/** What a world can be made to have, in addition to its seed. */
export interface Needed {
  readonly what: AccidentName | 'unclean' | 'keyholders' | 'orders';
  /** Without the storm that its seed gives it. */
  readonly alone?: boolean;
}

/**
 * @param clusters with more than one the same seed makes another world
 * @param routerCount the same
 */
export function setupFrom(seed: number, clusters = 1, needed?: Needed, routerCount = 1): Setup {
  const ofClusters = clusters === 1 ? '' : `/${clusters} clusters`;
  const ofRouters = routerCount === 1 ? '' : `/${routerCount} routers`;
  const root = new Random(`${seed}${ofClusters}${ofRouters}`);
  const random = root.fork('setup');
  const servers = random.pick(clusters === 1 ? [1, 2, 3, 3, 3, 3, 3, 4, 5] : [1, 2, 2, 3]);
  const clientCount = random.pick(clusters === 1 ? [1, 2, 2, 3, 3, 4, 6] : [2, 3, 4, 4, 6]);
  // Their numbers spread the users over all clusters.
  const userNo = (at: number): string => (clusters === 1 ? `u${at}` : `${at}`);
  const pauseMs = random.pick([15, 60, 200, 500, 1_200]);
  const clients = Array.from(
    { length: clientCount },
    (_, at): ClientPlan => ({
      name: `c${at + 1}`,
      // Sometimes one user is on from two places.
      user: at > 0 && random.chance(0.15) ? userNo(1) : userNo(at + 1),
      history: random.chance(0.1) ? undefined : random.pick([0, 3, 20]),
      pauseMs: pauseMs * random.within(0.5, 2),
    }),
  );
  const stormMs = random.pick([4_000, 10_000, 20_000, 30_000]);
  const byCluster = Array.from({ length: clusters }, (_, cluster) =>
    Array.from({ length: servers }, (_none, at) => serverNameOf(at + 1, cluster + 1)),
  );
  const cast = { servers: byCluster.flat(), clients: clients.map(({ name }) => name) };
  const users = byCluster.map((_, at) =>
    clients.map(({ user }) => user).filter((user) => clusterOf(user, clusters) === at + 1),
  );
  const drawnLimits = random.chance(0.6) ? 'small' : 'production';
  const limits = needed?.what === 'keyholders' ? 'production' : drawnLimits;
  const alone = routersFrom(random.next());
  const people = { clusters: byCluster, clients: cast.clients, users };
  const accidents = scheduleAccidents(
    root.fork('accidents'),
    people,
    stormMs,
    needed?.what === 'unclean' || needed?.what === 'keyholders' || needed?.what === 'orders'
      ? undefined
      : needed?.what,
  );
  const isAlone = needed?.alone === true || accidents.some(({ kind }) => ALONE.has(kind));
  const habits = root.fork('habits');
  const churn = habits.chance(CHURN_SHARE);
  const isImpatient = habits.chance(OPERATOR_SHARE) || needed?.what === 'unclean';
  const isDrawn = root.fork('keyholders').chance(KEYHOLDER_SHARE) || needed?.what === 'keyholders';
  // Their names are not spread over clusters.
  const hasKeyholders = isDrawn && limits === 'production' && clusters === 1 && !isAlone;
  const operatorPatienceMs = Math.round(habits.exponential(1_500) + 200);
  const storm = isAlone ? accidents : [...scheduleFaults(root.fork('faults'), cast, stormMs), ...accidents];
  const several = routerCount === 1 ? undefined : root.fork('routers');
  return {
    seed,
    limits: churn && limits === 'small' ? 'three-sessions' : limits,
    clusters,
    routerCount,
    servers,
    clients,
    routers: several === undefined ? alone : severalRoutersFrom(several, routerCount),
    timing: random.pick(TIMINGS),
    network: {
      leastMs: random.pick([0.02, 0.1, 0.5]),
      meanMs: random.pick([0.05, 0.3, 2, 8]),
      hiccupChance: random.pick([0, 0, 0.001, 0.01]),
      hiccupMs: random.pick([5, 40, 200]),
    },
    serverSyncMs: random.pick([0.1, 0.3, 2, 10]),
    routerSyncMs: random.pick([0.1, 0.5, 5, 20]),
    stormMs,
    faults:
      several === undefined
        ? storm
        : withStoreFaults(
            several,
            storm,
            isAlone ? 0 : stormMs,
            Array.from({ length: routerCount }, (_, at) => routerNameOf(at + 1)),
          ),
    ambush: isAlone ? undefined : ambushFrom(root.fork('ambush')),
    keyholders: hasKeyholders,
    orders: (root.fork('orders').chance(ORDERS_SHARE) || needed?.what === 'orders') && !isAlone,
    churn,
    // Only with one cluster: other clusters may have got entries that are lost then.
    operatorPatienceMs:
      isImpatient && !isAlone && clusters === 1 && NOT_YET.unclean === undefined
        ? operatorPatienceMs
        : undefined,
  };
}
