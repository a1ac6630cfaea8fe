/** `npm run bench -- NAME`: figures for people, on this machine, in this moment. */
import { benchTerminal } from './terminal.js';

const BENCHES: Readonly<Record<string, () => Promise<string>>> = {
  terminal: async () => {
    const { startMs, posted, tookMs, cpuShare, keysMs, memoryMb } = await benchTerminal();
    return [
      `start: the first frame after ${startMs.toFixed(0)} ms`,
      `${posted} posts in ${(tookMs / 1_000).toFixed(2)} s at 120x36: ${(100 * cpuShare).toFixed(1)} % of a core, ${memoryMb.toFixed(0)} MB`,
      `${keysMs.count} keys meanwhile: p50 ${keysMs.p50.toFixed(1)} ms, p95 ${keysMs.p95.toFixed(1)} ms, max ${keysMs.max.toFixed(1)} ms`,
    ].join('\n');
  },
};

const [name = ''] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(`there is no benchmark "${name}", only: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
console.log(await bench());
