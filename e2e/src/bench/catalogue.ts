/** All benchmarks by their names. */
import type { Bench } from './bench.js';
import { classicBench } from './classic.js';
import { fanoutBench } from './fanout.js';
import { historyBench } from './history.js';
import { idleBench } from './idle.js';
import { postBench } from './post.js';
import { routerBench } from './router.js';
import { routerTakeoverBench } from './router-takeover.js';
import { streamBench } from './stream.js';
import { takeoverBench } from './takeover.js';
import { terminalBench } from './terminal.js';
import { tlsBench } from './tls.js';

export const BENCHES: Readonly<Record<string, Bench>> = {
  post: postBench,
  stream: streamBench,
  takeover: takeoverBench,
  fanout: fanoutBench,
  classic: classicBench,
  router: routerBench,
  'router-takeover': routerTakeoverBench,
  history: historyBench,
  idle: idleBench,
  terminal: terminalBench,
  tls: tlsBench,
};
