import { playTranscripts } from '../transcripts.fixture.js';
import { Play, type PlayOptions } from './play.fixture.js';

function option(given: string): PlayOptions {
  const [, clusters] = /^(\d+) clusters$/.exec(given) ?? [];
  if (clusters !== undefined) return { clusters: Number(clusters) };
  const [, ping, dead] = /^a ping every (\d+) ms and dead after (\d+) ms$/.exec(given) ?? [];
  if (dead !== undefined) return { timing: { pingIntervalMs: Number(ping), deadAfterMs: Number(dead) } };
  if (given === 'dial-back') return { dialsBack: true };
  if (given === 'all reports') return { showsAllReports: true };
  throw new Error(`a transcript of the registry is played "with ${given}"`);
}

playTranscripts('registry', (given) => new Play(Object.assign({}, ...given.map(option))));
