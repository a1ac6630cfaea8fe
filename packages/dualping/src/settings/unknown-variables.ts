/**
 * Refuses variables `DUALPING_…` that no command has: otherwise a misspelt setting would silently leave the
 * default in place. The config file refuses unknown keys for the same reason.
 */
import { DualpingError, quote } from '@dualping/core';

const OURS = 'DUALPING_';
/**
 * Read by docker/compose.yaml and by the tests of the repository, and passed on to the processes that they
 * start.
 */
const NO_SETTINGS: readonly string[] = [
  'DUALPING_IMAGE',
  'DUALPING_RESTART',
  'DUALPING_HEALTH_INTERVAL',
  'DUALPING_E2E_ROUNDS',
  'DUALPING_FAULTS',
  'DUALPING_TEST_RUN',
];

/**
 * @param known variables of all commands: a command ignores those of others
 * @throws DualpingError `invalid-argument`, with the nearest name
 */
export function refuseUnknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): void {
  const all = new Set([...known, ...NO_SETTINGS]);
  for (const [name, value] of Object.entries(environment)) {
    // An empty variable is how shells and compose files say "not set".
    if (!name.startsWith(OURS) || value === undefined || value === '' || all.has(name)) continue;
    const [nearest] = [...known].sort((one, other) => distance(name, one) - distance(name, other));
    const advice = nearest === undefined ? '' : `: is ${nearest} meant?`;
    throw new DualpingError('invalid-argument', `no command has a variable ${quote(name)}${advice}`);
  }
}

/** How many letters have to be inserted, removed or changed (Levenshtein). */
export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
