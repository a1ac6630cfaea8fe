import { parseTiming } from '../timing.js';
import { playTranscripts } from '../transcripts.fixture.js';
import { Play } from './play.fixture.js';

/** For transcripts that let time pass. */
const QUICK = parseTiming({ pingIntervalMs: 50, deadAfterMs: 150, reattachGraceMs: 2_000 });

function serversIn(given: readonly string[]): number {
  const [, servers] = given.map((each) => /^(\d+) servers$/.exec(each)).find((found) => found !== null) ?? [];
  return servers === undefined ? 3 : Number(servers);
}

playTranscripts(
  'replica',
  (given) => new Play(serversIn(given), given.includes('quick timing') ? QUICK : undefined),
);
