/** Checks a number from outside. */
import { DualpingError } from './reasons.js';

/** @throws DualpingError `invalid-argument`, quoting a value that is not a whole number from 1 to `most` */
export function wholeNumber(name: string, value: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw new DualpingError(
      'invalid-argument',
      `${name} is "${value}": give a whole number from 1 to ${most}`,
    );
  return value;
}
