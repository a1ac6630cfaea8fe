/** The command line, parsed once; a wrong value is refused and quoted. */
import { NOTHING_LEFT_OUT, type Reduction } from './reduction.js';

export type Command =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'one';
      readonly seed: number;
      readonly trace: 'none' | 'play' | 'all';
      readonly clusters: number;
      readonly routers: number;
      readonly mutant: string | undefined;
      readonly reduction: Reduction;
    }
  | {
      readonly kind: 'many';
      readonly from: number;
      readonly to: number;
      readonly jobs: number;
      readonly clusters: number;
      readonly routers: number;
      readonly mutant: string | undefined;
    }
  | {
      readonly kind: 'random';
      readonly count: number;
      readonly jobs: number;
      readonly clusters: number;
      readonly routers: number;
    }
  | {
      readonly kind: 'mutants';
      readonly only: string | undefined;
      readonly most: number;
      /** Undefined: begin each mutant at the seed where it is known to be caught. */
      readonly from: number | undefined;
    }
  | { readonly kind: 'scenarios'; readonly rewrites: boolean };

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `usage: npm run sim -- OPTIONS
  --seed N [--trace[=all]] [--faults 1,4|none] [--clients c1,c2] [--storm MS] [--mutant NAME]
                         replays one world; --trace shows it as a play, --trace=all with every message
  --seeds A..B [--jobs J] [--mutant NAME]
                         runs many; the first that fails is shrunk
  --random COUNT [--jobs J]
                         runs seeds that nobody has chosen, and says which
  mutants [--only NAME] [--most SEEDS] [--from SEED]
                         runs each deliberate bug until it is caught
  scenarios [--rewrite]  plays the texts in scenarios; --rewrite puts what follows now in the place of what is written
  --clusters N           of each of these: worlds of several clusters; the same seed is another world then
  --routers N            of each of these: worlds of several routers on the model of etcd; likewise another world
exit: 0 all is well, 1 an invariant was broken, a mutant survived, or a scenario differs, 2 this text`;

/** Worlds after which a mutant counts as survived. */
export const MUTANT_SEEDS = 400;
const MAX_JOBS = 64;
/** More clusters would find nothing new, slowly. */
const MAX_CLUSTERS = 9;
/** As many as names have one digit for. */
const MAX_ROUTERS = 9;

export function parseArguments(given: readonly string[]): Command {
  if (given.length === 0 || given.includes('--help')) return { kind: 'help' };
  const [first, ...rest] = given;
  if (first === 'scenarios') {
    const [option, ...more] = rest;
    if (more.length > 0 || (option !== undefined && option !== '--rewrite'))
      throw new UsageError(`scenarios can't take "${rest.join(' ')}"`);
    return { kind: 'scenarios', rewrites: option === '--rewrite' };
  }
  if (first === 'mutants') {
    const options = parseOptions(rest, ['only', 'most', 'from']);
    return {
      kind: 'mutants',
      only: options.get('only'),
      most: numberOf(options, 'most', 1, MUTANT_SEEDS),
      from: options.has('from') ? numberOf(options, 'from', 0, 1) : undefined,
    };
  }
  const options = parseOptions(given, [
    'seed',
    'seeds',
    'random',
    'jobs',
    'trace',
    'faults',
    'clients',
    'storm',
    'mutant',
    'clusters',
    'routers',
  ]);
  const clusters = numberOf(options, 'clusters', 1, 1, MAX_CLUSTERS);
  const routers = numberOf(options, 'routers', 1, 1, MAX_ROUTERS);
  const mutant = options.get('mutant');
  const jobs = numberOf(options, 'jobs', 1, 1, MAX_JOBS);
  if (options.has('seeds'))
    return { kind: 'many', ...rangeOf(options.get('seeds') ?? ''), jobs, clusters, routers, mutant };
  if (options.has('random'))
    return { kind: 'random', count: numberOf(options, 'random', 1, 1), jobs, clusters, routers };
  if (!options.has('seed')) throw new UsageError('give --seed, --seeds, --random or mutants');
  return {
    kind: 'one',
    seed: numberOf(options, 'seed', 0, 0),
    trace: traceOf(options.get('trace')),
    clusters,
    routers,
    mutant,
    reduction: reductionOf(options),
  };
}

/** `--name value`, `--name=value`; `--trace` needs none. */
function parseOptions(given: readonly string[], known: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let at = 0; at < given.length; at += 1) {
    const [name = '', value] = (given[at] ?? '').split(/=(.*)/s);
    if (!name.startsWith('--') || !known.includes(name.slice(2)))
      throw new UsageError(`"${given[at]}" is no option`);
    if (value !== undefined) options.set(name.slice(2), value);
    else if (name === '--trace') options.set('trace', '');
    else {
      at += 1;
      const next = given[at];
      if (next === undefined) throw new UsageError(`${name} needs a value`);
      options.set(name.slice(2), next);
    }
  }
  return options;
}

function numberOf(
  options: Map<string, string>,
  name: string,
  least: number,
  otherwise: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  const text = options.get(name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < least || value > most) {
    const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
    throw new UsageError(`--${name} is "${text}": give a whole number from ${least}${upTo}`);
  }
  return value;
}

function rangeOf(text: string): { readonly from: number; readonly to: number } {
  const found = /^(\d+)\.\.(\d+)$/.exec(text);
  const from = Number(found?.[1]);
  const to = Number(found?.[2]);
  if (found === null || to < from) throw new UsageError(`--seeds is "${text}": give them as 1..1000`);
  return { from, to };
}

function traceOf(text: string | undefined): 'none' | 'play' | 'all' {
  if (text === undefined) return 'none';
  if (text === '') return 'play';
  if (text === 'all') return 'all';
  throw new UsageError(`--trace is "${text}": give --trace or --trace=all`);
}

function reductionOf(options: Map<string, string>): Reduction {
  const faults = options.get('faults');
  const clients = options.get('clients');
  return {
    ...NOTHING_LEFT_OUT,
    faults: faults === undefined ? undefined : faultsOf(faults),
    clients: clients?.split(','),
    stormMs: options.has('storm') ? numberOf(options, 'storm', 1, 1) : undefined,
  };
}

function faultsOf(text: string): readonly number[] {
  if (text === 'none') return [];
  if (!/^\d+(,\d+)*$/.test(text)) throw new UsageError(`--faults is "${text}": give them as 1,4, or none`);
  return text.split(',').map((at) => Number(at));
}
