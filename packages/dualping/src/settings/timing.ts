/** The timing of a network, from the command line. */
import { DualpingError, parseTiming, type Timing } from '@dualping/core';
import { timing as settings } from './definitions.js';
import { flagOf } from './setting.js';

/** @throws DualpingError `invalid-argument` that names the option */
export function timingOf(given: Partial<Timing>): Timing {
  try {
    return parseTiming(given);
  } catch (error) {
    if (!(error instanceof DualpingError)) throw error;
    const named = Object.entries(settings).find(([name]) => error.detail.startsWith(`${name} `));
    if (named === undefined) throw error;
    const [name, setting] = named;
    throw new DualpingError(error.reason, flagOf(setting) + error.detail.slice(name.length));
  }
}
