// Finds and kills the processes that tests have left behind, by a variable that they inherited. A test that
// is stopped in the middle can't end its own processes. Those that restart one another would run for ever,
// and whoever waits for all of them would wait for ever.
import { readdirSync, readFileSync } from 'node:fs';

/** In the environment of a run of tests; its value tells the run from others on this machine. */
export const MARK = 'DUALPING_TEST_RUN';

/**
 * How many times it looks and kills: two that restart each other are gone only when both are killed at once.
 */
const MOST_ROUNDS = 100;

/**
 * Kills what has the mark; returns a line for each process, as it was found at first. Nothing where there is
 * no /proc.
 */
export function killLeftovers(value) {
  const said = new Map();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const found = marked(value);
    if (found.length === 0) break;
    for (const { pid, command } of found) {
      said.set(pid, `${pid} ${command}`);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it ended meanwhile
      }
    }
  }
  return [...said.values()];
}

function marked(value) {
  let pids;
  try {
    pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return [];
  }
  return pids.flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (!environment.includes(`${MARK}=${value}`)) return [];
      return [
        { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ') },
      ];
    } catch {
      return []; // it ended meanwhile, or is somebody else's
    }
  });
}
