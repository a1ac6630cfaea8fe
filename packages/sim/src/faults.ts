/**
 * The faults of a world, as plain values. Their schedule is made from the seed before anything runs, so that
 * it can be printed, and shrunk by leaving elements out.
 */
import type { Accident } from './accidents.js';
import type { Random } from './random.js';
import { ROUTER } from './router-view.js';
import type { StoreFault } from './store-faults.js';

interface At {
  /** True time, ms. */
  readonly at: number;
  /** Its length; faults without a length ignore it. */
  readonly forMs: number;
}

export type Fault = At &
  (
    | {
        readonly kind: 'kill';
        /** A server, the router, or a client. */
        readonly process: string;
        /** No kernel is left to tell the other processes. */
        readonly powerLost: boolean;
        /** Not at once, but after so many outputs of the next step. */
        readonly afterOutputs: number | undefined;
      }
    /** SIGTERM: a server, or a router of several. */
    | { readonly kind: 'stop'; readonly process: string }
    | { readonly kind: 'freeze'; readonly process: string }
    | { readonly kind: 'slow-process'; readonly process: string; readonly costMs: number }
    | {
        readonly kind: 'cut';
        readonly from: string;
        readonly to: string;
        readonly both: boolean;
        /** Whether connections over the link break with it. */
        readonly lose: boolean;
      }
    /** All links of a process are cut: to it, from it, or both. */
    | {
        readonly kind: 'isolate';
        readonly process: string;
        readonly lose: boolean;
        /** Default: both. */
        readonly way?: 'in' | 'out' | 'both';
      }
    /** These servers and the other servers can't reach each other; the router and clients reach all. */
    | {
        readonly kind: 'split';
        readonly aside: readonly string[];
        readonly lose: boolean;
        /** Whether only messages from these servers are lost. */
        readonly oneWay?: boolean;
      }
    | { readonly kind: 'sever'; readonly one: string; readonly other: string; readonly quiet: boolean }
    /** A process that dials a server reaches another one: an address was reused, or is wrong. */
    | { readonly kind: 'misroute'; readonly process: string; readonly to: string }
    | { readonly kind: 'slow-link'; readonly from: string; readonly to: string; readonly slowMs: number }
    | { readonly kind: 'slow-disk'; readonly process: string; readonly syncMs: number }
    | { readonly kind: 'full-disk'; readonly process: string }
    | { readonly kind: 'failing-disk'; readonly process: string }
    /** The server's disk is replaced by an empty one, once another server has everything that it held. */
    | { readonly kind: 'wipe'; readonly process: string; readonly damaged: boolean }
    | {
        readonly kind: 'clock-jump';
        readonly process: string;
        readonly aheadMs: number;
        readonly wallMs: number;
      }
    | { readonly kind: 'clock-drift'; readonly process: string; readonly rate: number }
    | { readonly kind: 'handover' }
    /** A supervisor reports the end of a past life again, or very late. */
    | { readonly kind: 'stale-report'; readonly process: string; readonly livesAgo: number }
    | Accident
    | StoreFault
  );

/** The kinds of faults in storms. */
type FaultKind = Exclude<Fault['kind'], Accident['kind'] | StoreFault['kind']>;

/** The names of processes in a schedule. */
export interface Cast {
  readonly servers: readonly string[];
  readonly clients: readonly string[];
}

type Maker = (random: Random, cast: Cast) => Omit<Fault, 'at' | 'forMs'> & { readonly forMs: number };

/** Mostly short, sometimes far longer than any wait of the protocol. */
const length = (random: Random, usualMs: number): number =>
  Math.round(random.chance(0.15) ? random.within(2_000, 9_000) : random.exponential(usualMs) + 5);

const anyOf = (random: Random, { servers, clients }: Cast): string =>
  random.pick([...servers, ...servers, ROUTER, random.pick(clients)]);

function twoOf(random: Random, cast: Cast): { readonly one: string; readonly other: string } {
  const one = random.pick(cast.servers);
  const others = [ROUTER, ROUTER, ...cast.servers.filter((name) => name !== one), random.pick(cast.clients)];
  const other = random.chance(0.08) ? ROUTER : random.pick(others);
  const [first, second] = random.chance(0.08) ? [random.pick(cast.clients), ROUTER] : [one, other];
  return random.chance(0.5) ? { one: first, other: second } : { one: second, other: first };
}

const midway = (random: Random): number | undefined => (random.chance(0.3) ? random.below(4) : undefined);

const MAKERS: Readonly<Record<FaultKind, { readonly weight: number; readonly make: Maker }>> = {
  kill: {
    weight: 6,
    make: (random, { servers, clients }) => ({
      kind: 'kill',
      process: random.chance(0.1)
        ? random.pick(clients)
        : random.chance(0.22)
          ? ROUTER
          : random.pick(servers),
      powerLost: random.chance(0.25),
      afterOutputs: midway(random),
      forMs: length(random, 400),
    }),
  },
  stop: {
    weight: 2,
    make: (random, { servers }) => ({
      kind: 'stop',
      process: random.pick(servers),
      forMs: length(random, 300),
    }),
  },
  freeze: {
    weight: 4,
    make: (random, cast) => ({ kind: 'freeze', process: anyOf(random, cast), forMs: length(random, 500) }),
  },
  'slow-process': {
    weight: 1.5,
    make: (random, cast) => ({
      kind: 'slow-process',
      process: anyOf(random, cast),
      costMs: random.within(0.5, 12),
      forMs: length(random, 800),
    }),
  },
  cut: {
    weight: 6,
    make: (random, cast) => {
      const { one, other } = twoOf(random, cast);
      return {
        kind: 'cut',
        from: one,
        to: other,
        both: random.chance(0.5),
        lose: random.chance(0.4),
        forMs: length(random, 500),
      };
    },
  },
  isolate: {
    weight: 2,
    make: (random, { servers }) => ({
      kind: 'isolate',
      process: random.chance(0.7) ? ROUTER : random.pick(servers),
      lose: random.chance(0.4),
      forMs: length(random, 1_200),
    }),
  },
  split: {
    weight: 2,
    make: (random, { servers }) => ({
      kind: 'split',
      aside: random.chance(0.7) ? [random.pick(servers)] : servers.filter(() => random.chance(0.5)),
      lose: random.chance(0.4),
      forMs: length(random, 2_000),
    }),
  },
  sever: {
    weight: 3,
    make: (random, cast) => ({ kind: 'sever', ...twoOf(random, cast), quiet: random.chance(0.4), forMs: 0 }),
  },
  misroute: {
    weight: 1,
    make: (random, { servers }) => ({
      kind: 'misroute',
      process: random.pick(servers),
      to: random.pick(servers),
      forMs: length(random, 600),
    }),
  },
  'slow-link': {
    weight: 2,
    make: (random, cast) => {
      const { one, other } = twoOf(random, cast);
      return {
        kind: 'slow-link',
        from: one,
        to: other,
        slowMs: random.exponential(80),
        forMs: length(random, 900),
      };
    },
  },
  'slow-disk': {
    weight: 1.5,
    make: (random, { servers }) => ({
      kind: 'slow-disk',
      process: random.chance(0.25) ? ROUTER : random.pick(servers),
      syncMs: random.exponential(60),
      forMs: length(random, 900),
    }),
  },
  'full-disk': {
    weight: 1,
    make: (random, { servers }) => ({
      kind: 'full-disk',
      process: random.pick(servers),
      forMs: length(random, 500),
    }),
  },
  'failing-disk': {
    weight: 1,
    make: (random, { servers }) => ({ kind: 'failing-disk', process: random.pick(servers), forMs: 0 }),
  },
  wipe: {
    weight: 2,
    make: (random, { servers }) => ({
      kind: 'wipe',
      process: random.pick(servers),
      damaged: random.chance(0.5),
      forMs: length(random, 600),
    }),
  },
  'clock-jump': {
    weight: 1,
    make: (random, cast) => ({
      kind: 'clock-jump',
      process: anyOf(random, cast),
      aheadMs: random.chance(0.5) ? 0 : random.exponential(800),
      wallMs: Math.round(random.within(-3_600_000, 3_600_000)),
      forMs: 0,
    }),
  },
  'clock-drift': {
    weight: 1,
    make: (random, cast) => ({
      kind: 'clock-drift',
      process: anyOf(random, cast),
      rate: random.within(0.85, 1.15),
      forMs: length(random, 3_000),
    }),
  },
  handover: { weight: 2, make: () => ({ kind: 'handover', forMs: 0 }) },
  'stale-report': {
    weight: 1,
    make: (random, { servers }) => ({
      kind: 'stale-report',
      process: random.pick(servers),
      livesAgo: random.between(1, 3),
      forMs: 0,
    }),
  },
};

const KINDS = Object.keys(MAKERS) as FaultKind[];

/**
 * Storms of faults with quiet between them. Each seed leaves some kinds out and prefers others ("swarm
 * testing", Groce et al., 2012): if all kinds came at once, one would hide another.
 */
export function scheduleFaults(random: Random, cast: Cast, stormMs: number): Fault[] {
  const weights = KINDS.map((kind) => (random.chance(0.4) ? 0 : MAKERS[kind].weight * random.exponential(1)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return [];
  const faults: Fault[] = [];
  const betweenMs = random.pick([60, 150, 400, 1_000, 2_500]);
  let stormUntil = 0;
  for (let at = random.exponential(betweenMs); at < stormMs; ) {
    if (at > stormUntil) stormUntil = at + random.within(1_000, 8_000);
    const made = MAKERS[drawn(random, weights, total)].make(random, cast);
    faults.push({ ...made, at: Math.round(at * 10) / 10 } as Fault);
    at += random.exponential(betweenMs);
    if (at > stormUntil) at += random.within(0, 6_000);
  }
  return faults;
}

function drawn(random: Random, weights: readonly number[], total: number): FaultKind {
  let left = random.next() * total;
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return KINDS[index] as FaultKind;
  }
  return KINDS[weights.findIndex((weight) => weight > 0)] as FaultKind;
}

export function faultText(fault: Fault): string {
  const { at, forMs, kind, ...rest } = fault;
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`);
  const lasting = forMs > 0 ? ` for ${forMs} ms` : '';
  return `${kind}${lasting}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}
