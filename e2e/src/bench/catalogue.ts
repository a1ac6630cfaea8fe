/** Benchmarks by their names. */
import type { Bench } from './bench.js';
import { classicBench } from './classic.js';
import { fanoutBench } from './fanout.js';
import { historyBench } from './history.js';
import { idleBench } from './idle.js';
import { postBench } from './post.js';
import { readersBench } from './readers.js';
import { routerBench } from './router.js';
import { routerTakeoverBench } from './router-takeover.js';
import { startBench } from './start.js';
import { streamBench } from './stream.js';
import { takeoverBench } from './takeover.js';
import { terminalBench } from './terminal.js';
import { tlsBench } from './tls.js';
import { VERSUS } from './versus/versus.js';

export const BENCHES: Readonly<Record<string, Bench>> = {
  post: postBench,
  stream: streamBench,
  takeover: takeoverBench,
  fanout: fanoutBench,
  readers: readersBench,
  classic: classicBench,
  router: routerBench,
  'router-takeover': routerTakeoverBench,
  history: historyBench,
  start: startBench,
  idle: idleBench,
  terminal: terminalBench,
  tls: tlsBench,
};

/** Beside other programs, by the words that choose them. They have no floors, and are not part of `all`. */
export const COMPARISONS: Readonly<Record<string, Bench>> = Object.fromEntries(
  Object.entries(VERSUS).map(([name, bench]) => [`versus ${name}`, bench]),
);

/** What a name on the command line stands for. */
export function chosenBy(name: string): [string, Bench][] {
  if (name === 'all') return Object.entries(BENCHES);
  return Object.entries({ ...BENCHES, ...COMPARISONS }).filter(
    ([each]) => each === name || each.startsWith(`${name} `),
  );
}
