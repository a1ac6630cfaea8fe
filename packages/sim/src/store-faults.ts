/**
 * What happens to several routers and to the store that they share, beside the storms of `faults.ts`. Only
 * worlds with several routers have it.
 */
import type { Fault } from './faults.js';
import type { Random } from './random.js';
import { ROUTER } from './router-view.js';
import type { CutWay } from './shared-store/model-etcd.js';

export type StoreFault =
  /** The store has no majority: nothing that is asked of it happens, and leases don't end. */
  | { readonly kind: 'store-away' }
  /** Every request, and every answer, takes so much longer. */
  | { readonly kind: 'slow-store'; readonly slowMs: number }
  | { readonly kind: 'store-cut'; readonly process: string; readonly way: CutWay }
  /** A router is cut from the others, or from everybody but one server: one way or both. */
  | {
      readonly kind: 'router-cut';
      readonly process: string;
      readonly from: 'routers' | 'servers' | 'clients';
      readonly way: 'in' | 'out' | 'both';
      readonly lose: boolean;
    }
  /** An operator wants another router to lead. */
  | { readonly kind: 'router-handover' };

type Strike = { readonly forMs: number } & (
  | StoreFault
  | Extract<WithoutTime<Fault>, { kind: 'kill' | 'freeze' | 'stop' }>
);
type WithoutTime<F> = F extends Fault ? Omit<F, 'at' | 'forMs'> : never;

/** How often a fault of the router is one of a certain router, and not of the one that leads then. */
const NAMED_SHARE = 0.4;

/** Often longer than a lease, sometimes longer than a leader can be unsure. */
const length = (random: Random): number =>
  Math.round(random.chance(0.25) ? random.within(2_000, 8_000) : random.exponential(700) + 5);

const WAYS: readonly CutWay[] = ['both', 'both', 'requests', 'answers'];

const MAKERS: readonly ((random: Random, process: string) => Strike)[] = [
  (random, process) => ({
    kind: 'kill',
    process,
    powerLost: random.chance(0.3),
    afterOutputs: random.chance(0.4) ? random.below(5) : undefined,
    forMs: length(random),
  }),
  (random, process) => ({ kind: 'freeze', process, forMs: length(random) }),
  (random, process) => ({ kind: 'stop', process, forMs: length(random) }),
  (random) => ({ kind: 'store-away', forMs: length(random) }),
  (random) => ({ kind: 'slow-store', slowMs: random.exponential(90), forMs: length(random) }),
  (random, process) => ({ kind: 'store-cut', process, way: random.pick(WAYS), forMs: length(random) }),
  (random, process) => ({
    kind: 'router-cut',
    process,
    from: random.pick(['routers', 'routers', 'servers', 'servers', 'clients']),
    way: random.pick(['in', 'out', 'both']),
    lose: random.chance(0.4),
    forMs: length(random),
  }),
  () => ({ kind: 'router-handover', forMs: 0 }),
];

/**
 * A storm with the faults of routers and of their store, in the order of time.
 *
 * @param stormMs 0: nothing is added
 */
export function withStoreFaults(
  random: Random,
  storm: readonly Fault[],
  stormMs: number,
  routers: readonly string[],
): readonly Fault[] {
  const anyRouter = (): string => (random.chance(NAMED_SHARE) ? random.pick(routers) : ROUTER);
  const faults = storm.map((fault) => renamed(fault, anyRouter));
  const makers = MAKERS.filter(() => random.chance(0.6));
  const betweenMs = random.pick([300, 900, 2_500]);
  if (makers.length > 0)
    for (let at = random.exponential(betweenMs); at < stormMs; at += random.exponential(betweenMs))
      faults.push({ ...random.pick(makers)(random, anyRouter()), at: Math.round(at * 10) / 10 });
  return faults.sort((one, other) => one.at - other.at);
}

/** With a name instead of each `router`. */
export function renamed<F extends Fault>(fault: F, nameOf: () => string): F {
  const entries = Object.entries(fault).map(([key, value]) => [key, value === ROUTER ? nameOf() : value]);
  return Object.fromEntries(entries) as F;
}
