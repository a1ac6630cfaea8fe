/**
 * Rarer and worse faults than the storms of `faults.ts`, as plain values. They are taken from incidents of
 * other systems.
 *
 * Only a share of the worlds has them. They draw from a generator of their own, so that every seed keeps its
 * storm. Kinds for which the machines do not have the rule yet are not drawn: `NOT_YET` says which, and why.
 */
import type { Fault } from './faults.js';
import type { Random } from './random.js';
import { ROUTER } from './router-view.js';

export type Accident =
  /**
   * Packets between two processes vanish and no connection is refused; afterwards TCP has backed off, and
   * waiting packets arrive late.
   */
  | { readonly kind: 'black-hole'; readonly from: string; readonly to: string }
  /** No sync ends before the fault ends. */
  | { readonly kind: 'hung-disk'; readonly process: string }
  /** A foreign process answers at the address of ours, which is down. */
  | { readonly kind: 'stranger'; readonly process: string; readonly says: StrangersWord }
  /** A copy of the server's folder, taken now, is put back at the end, after so many more starts. */
  | {
      readonly kind: 'older-disk';
      readonly process: string;
      readonly stopped: boolean;
      readonly starts: number;
    }
  /**
   * All servers of its cluster and the router lose their power after `ageMs`, and the server gets its journal
   * of before, while the rest of its folder is the newest. The other servers are started at the end.
   */
  | { readonly kind: 'older-journal'; readonly process: string; readonly ageMs: number }
  /** A copy of the server's folder is started on another machine, beside the original. */
  | { readonly kind: 'twin'; readonly process: string; readonly starts: number }
  /**
   * The router's folder is replaced by its state `ageMs` before, or by an empty one; at the end the true one
   * is put back.
   */
  | { readonly kind: 'older-store'; readonly ageMs: number; readonly emptied: boolean }
  /** A second router runs from a copy of the router's folder. */
  | { readonly kind: 'second-router' }
  /** The server is gone permanently, with its disk: healing does not bring it back. */
  | { readonly kind: 'lose-server'; readonly process: string }
  /** All servers are asked to stop; then only these are started, and the others at the end. */
  | { readonly kind: 'shutdown'; readonly first: readonly string[]; readonly cluster: number }
  /**
   * A program logs users in, and posts as them, at a cluster that is not theirs, without waiting for answers.
   */
  | { readonly kind: 'trespass'; readonly process: string; readonly users: readonly string[] }
  /**
   * The server and the router freeze in turns, both for less than the time-out: its messages are late, and
   * arrive while the router does not read.
   */
  | { readonly kind: 'by-turns'; readonly process: string };

export type StrangersWord = 'wrong-network' | 'wrong-cluster' | 'router-store-too-old';

/** Names of accidents in the draw: several may be the same kind of fault. */
export type AccidentName =
  | 'router-isolated'
  | 'server-isolated'
  | 'partial-partition'
  | 'black-hole'
  | 'hung-server-disk'
  | 'hung-router-disk'
  | 'crawling-server-disk'
  | 'crawling-router-disk'
  | 'stranger-server'
  | 'stranger-router'
  | 'older-disk'
  | 'twin'
  | 'older-store'
  | 'emptied-store'
  | 'second-router'
  | 'lose-server'
  | 'shutdown'
  | 'trespass'
  | 'by-turns'
  | 'older-journal';

/**
 * Accidents that are not drawn yet, and the rule of the machines that each waits for. An entry is removed
 * when the rule is there.
 */
export const NOT_YET: Partial<Readonly<Record<AccidentName | 'unclean', string>>> = {
  'older-disk':
    'the account of what a copy has hidden fails where an operator then chooses among several lines',
  'second-router': 'nothing tells a copy of the router that members dial from the router itself',
};

/** How a process is named in a schedule, cluster by cluster. */
export interface AccidentCast {
  readonly clusters: readonly (readonly string[])[];
  readonly clients: readonly string[];
  /** Users by the number of their cluster. */
  readonly users: readonly (readonly string[])[];
}

type Made = Accident & { readonly forMs: number };
type Without<F> = F extends Fault ? Omit<F, 'at'> : never;
/** Some accidents are faults of a storm, but longer or worse. */
type Usual = Without<Extract<Fault, { kind: 'slow-disk' | 'isolate' | 'split' }>>;
type Maker = (random: Random, cast: AccidentCast) => Made | Usual;

/** Longer than an operator waits until others have everything that a lost server had. */
const LOSING_MS = 10_000;

const anyServer = (random: Random, { clusters }: AccidentCast): string => random.pick(clusters.flat());
const length = (random: Random, usualMs: number): number => Math.round(random.exponential(usualMs) + 5);
/** Longer than any wait of the protocol, sometimes to the end of the storm. */
const longLength = (random: Random): number =>
  Math.round(random.chance(0.2) ? random.within(8_000, 40_000) : random.within(300, 8_000));

const stranger =
  (process: (random: Random, cast: AccidentCast) => string, words: readonly StrangersWord[]): Maker =>
  (random, cast) => ({
    kind: 'stranger',
    process: process(random, cast),
    says: random.pick(words),
    forMs: length(random, 2_000),
  });

const crawling =
  (process: (random: Random, cast: AccidentCast) => string): Maker =>
  (random, cast) => ({
    kind: 'slow-disk',
    process: process(random, cast),
    syncMs: random.within(300, 4_000),
    forMs: longLength(random),
  });

const hung =
  (process: (random: Random, cast: AccidentCast) => string): Maker =>
  (random, cast) => ({ kind: 'hung-disk', process: process(random, cast), forMs: longLength(random) });

const isolated =
  (process: (random: Random, cast: AccidentCast) => string): Maker =>
  (random, cast) => ({
    kind: 'isolate',
    process: process(random, cast),
    lose: random.chance(0.4),
    way: random.pick(['both', 'both', 'in', 'out']),
    forMs: length(random, 2_000),
  });

const olderStore =
  (emptied: boolean): Maker =>
  (random) => {
    const ageMs = emptied ? 0 : length(random, 2_000);
    return { kind: 'older-store', ageMs, emptied, forMs: ageMs + length(random, 2_500) };
  };

export const ACCIDENTS: Readonly<Record<AccidentName, Maker>> = {
  'router-isolated': isolated(() => ROUTER),
  'server-isolated': isolated(anyServer),
  'partial-partition': (random, { clusters }) => {
    const servers = random.pick(clusters);
    const aside = random.chance(0.6) ? [random.pick(servers)] : servers.filter(() => random.chance(0.5));
    return {
      kind: 'split',
      aside,
      lose: random.chance(0.4),
      oneWay: random.chance(0.4),
      forMs: length(random, 2_500),
    };
  },
  'black-hole': (random, cast) => {
    const one = anyServer(random, cast);
    const other = random.pick([ROUTER, ...cast.clusters.flat().filter((it) => it !== one), ...cast.clients]);
    const [from, to] = random.chance(0.5) ? [one, other] : [other, one];
    return { kind: 'black-hole', from, to, forMs: longLength(random) };
  },
  'hung-server-disk': hung(anyServer),
  'hung-router-disk': hung(() => ROUTER),
  'crawling-server-disk': crawling(anyServer),
  'crawling-router-disk': crawling(() => ROUTER),
  'stranger-server': stranger(anyServer, ['wrong-network', 'wrong-cluster']),
  'stranger-router': stranger(() => ROUTER, ['wrong-network', 'wrong-cluster', 'router-store-too-old']),
  'older-disk': (random, cast) => ({
    kind: 'older-disk',
    process: anyServer(random, cast),
    stopped: random.chance(0.4),
    starts: random.pick([0, 0, 1, 5]),
    forMs: length(random, 3_000),
  }),
  twin: (random, cast) => ({
    kind: 'twin',
    process: anyServer(random, cast),
    starts: random.pick([0, 0, 1, 5]),
    forMs: length(random, 3_000),
  }),
  'older-store': olderStore(false),
  'emptied-store': olderStore(true),
  'second-router': (random) => ({ kind: 'second-router', forMs: length(random, 5_000) }),
  'lose-server': (random, cast) => ({
    kind: 'lose-server',
    process: anyServer(random, cast),
    forMs: LOSING_MS,
  }),
  shutdown: (random, { clusters }) => {
    const cluster = random.between(1, clusters.length);
    const servers = clusters[cluster - 1] ?? [];
    return {
      kind: 'shutdown',
      cluster,
      first: random.shuffle(servers).slice(0, random.between(1, servers.length)),
      forMs: 3_000 + length(random, 4_000),
    };
  },
  trespass: (random, { clusters, users }) => {
    const cluster = random.below(clusters.length);
    const theirs = users.filter((_, at) => at !== cluster).flat();
    return {
      kind: 'trespass',
      process: random.pick(clusters[cluster] ?? []),
      users: random.shuffle(theirs).slice(0, 3),
      forMs: 0,
    };
  },
  'by-turns': (random, cast) => ({
    kind: 'by-turns',
    process: anyServer(random, cast),
    forMs: longLength(random),
  }),
  'older-journal': (random, cast) => {
    const ageMs = length(random, 2_000);
    return {
      kind: 'older-journal',
      process: anyServer(random, cast),
      ageMs,
      forMs: ageMs + length(random, 3_000),
    };
  },
};

/**
 * Accidents that no protocol survives together with others, because the members that could notice may be
 * gone.
 */
export const ALONE: ReadonlySet<Fault['kind']> = new Set(['older-store', 'second-router', 'twin']);

/** Drawn beside the others, each by its own chance: so that worlds from before have the same accidents. */
const BESIDE: readonly AccidentName[] = ['by-turns', 'older-journal'];
const BESIDE_SHARE = 0.2;
const NAMES = (Object.keys(ACCIDENTS) as AccidentName[]).filter((name) => !BESIDE.includes(name));

/** Share of worlds with accidents; and how many kinds, and how many of each kind. */
const SHARE = 0.3;
const MOST_KINDS = 2;
const MOST_OF_A_KIND = 3;

/** @param needed is always drawn, even if the machines don't have its rule yet */
export function scheduleAccidents(
  random: Random,
  cast: AccidentCast,
  stormMs: number,
  needed?: AccidentName,
): Fault[] {
  if (!random.chance(SHARE) && needed === undefined) return [];
  const possible = NAMES.filter(
    (name) => NOT_YET[name] === undefined && (name !== 'trespass' || cast.clusters.length > 1),
  );
  const chosen = random.shuffle(possible).slice(0, random.between(1, MOST_KINDS));
  const beside = BESIDE.filter((name) => random.fork(name).chance(BESIDE_SHARE));
  const drawn = needed === undefined ? [...chosen, ...beside] : [needed];
  const faults = drawn.flatMap((name) =>
    Array.from({ length: random.between(1, MOST_OF_A_KIND) }, (): Fault => {
      const at = Math.round(random.within(0, stormMs) * 10) / 10;
      return { ...ACCIDENTS[name](random, cast), at } as Fault;
    }),
  );
  const alone = faults.find(({ kind }) => ALONE.has(kind));
  return alone === undefined ? faults : [alone];
}
