/**
 * The floors: a share of the limit below its floor means that something has become slower.
 *
 * Floors are only for shares: absolute figures say more about the machine than about dualping. A floor is
 * well below the recorded measurement, because shares also vary when others use the machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Measurement } from './figures.js';
import { shareText } from './table.js';

/** Least share by benchmark and name of the measurement. */
export type Floors = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A floor is this part of the lowest share of all repetitions, so a noisy measurement gets a lower floor. */
const ROOM_FOR_NOISE = 0.7;

const FLOORS_FILE = new URL('../../bench-floors.json', import.meta.url);

export const readFloors = (): Floors => JSON.parse(readFileSync(FLOORS_FILE, 'utf8')) as Floors;

export function writeFloors(floors: Floors): void {
  writeFileSync(FLOORS_FILE, `${JSON.stringify(floors, null, 2)}\n`);
}

/** The floors, with those of one benchmark replaced by new measurements. */
export function withFloorsOf(floors: Floors, bench: string, measurements: readonly Measurement[]): Floors {
  const recorded = measurements.flatMap(({ name, share, guarded }) =>
    share === undefined || guarded === false
      ? []
      : [[name, Number((share.least * ROOM_FOR_NOISE).toPrecision(2))] as const],
  );
  return { ...floors, [bench]: Object.fromEntries(recorded) };
}

/**
 * @returns the problems, one line each: a share below its floor, a floor without a share, a share without a
 * floor
 */
export function belowFloors(floors: Floors, bench: string, measurements: readonly Measurement[]): string[] {
  const problems: string[] = [];
  const unmet = new Map(Object.entries(floors[bench] ?? {}));
  for (const measurement of measurements) {
    const { name, better, share, guarded } = measurement;
    const floor = unmet.get(name);
    unmet.delete(name);
    if (share === undefined || guarded === false) continue;
    if (floor === undefined) problems.push(`${bench}: no floor is recorded for "${name}"`);
    else if (share.median < floor) {
      const least = shareText({ better, share: { median: floor, least: floor, most: floor } });
      problems.push(
        `${bench}: "${name}" is ${shareText(measurement)}, its floor ${least.replace(/ \(.*/, '')}`,
      );
    }
  }
  for (const name of unmet.keys()) problems.push(`${bench}: "${name}" has a floor and was not measured`);
  return problems;
}
