/** A setup with parts left out, as shrinking tries it and a command line can name it. */
import type { Fault } from './faults.js';
import type { Setup } from './setup.js';

export interface Reduction {
  /** Places in the schedule of the faults that stay; undefined: all. */
  readonly faults: readonly number[] | undefined;
  /** Names of the clients that stay; undefined: all. */
  readonly clients: readonly string[] | undefined;
  readonly stormMs: number | undefined;
}

export const NOTHING_LEFT_OUT: Reduction = { faults: undefined, clients: undefined, stormMs: undefined };

export function reduced(setup: Setup, { faults, clients, stormMs }: Reduction): Setup {
  const stay = setup.clients.filter(({ name }) => clients === undefined || clients.includes(name));
  const gone = setup.clients.filter((client) => !stay.includes(client)).map(({ name }) => name);
  return {
    ...setup,
    clients: stay,
    stormMs: stormMs ?? setup.stormMs,
    faults: setup.faults.filter(
      (fault, at) => (faults === undefined || faults.includes(at)) && !concerns(fault, gone),
    ),
  };
}

const concerns = (fault: Fault, names: readonly string[]): boolean =>
  Object.values(fault).some((value) =>
    [value].flat().some((it) => typeof it === 'string' && names.includes(it)),
  );

/** As options of the command line. */
export function reductionText({ faults, clients, stormMs }: Reduction): string {
  const parts = [
    faults === undefined ? '' : `--faults ${faults.length === 0 ? 'none' : faults.join(',')}`,
    clients === undefined ? '' : `--clients ${clients.join(',')}`,
    stormMs === undefined ? '' : `--storm ${stormMs}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}
