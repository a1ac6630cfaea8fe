/**
 * `npm run bench -- NAME`: the speed of dualping, beside what this machine allows at the same time.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type BenchArguments, parseBenchArguments } from './arguments.js';
import type { Bench } from './bench.js';
import { BENCHES, COMPARISONS, chosenBy } from './catalogue.js';
import { Figures, type Measurement } from './figures.js';
import { belowFloors, readFloors, withFloorsOf, writeFloors } from './floors.js';
import { pictureOf } from './picture.js';
import { tableOf } from './table.js';

const PICTURES = new URL('../../../docs/pictures/', import.meta.url);

function list(): string {
  const all = Object.entries({ ...BENCHES, ...COMPARISONS });
  const width = Math.max(...all.map(([name]) => name.length));
  const lines = all.map(([name, { title, limit }]) => `  ${name.padEnd(width)}  ${title} (limit: ${limit})`);
  const flags = '[--repetitions N] [--json] [--check] [--record] [--pictures]';
  return [
    `npm run bench -- NAME ${flags}`,
    ...lines,
    `  ${'all'.padEnd(width)}  all but those beside others`,
  ].join('\n');
}

/** Load of the machine, which explains a spread. */
const machineNow = (): string =>
  `Node ${process.version}, ${cpus().length} cores, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`;

async function measure(bench: Bench, { repetitions }: BenchArguments): Promise<Measurement[]> {
  const figures = new Figures();
  await bench.run({ repetitions, figures, say: (text) => console.error(`… ${text}`) });
  return figures.measurements();
}

function keep(name: string, bench: Bench, measurements: readonly Measurement[], asked: BenchArguments): void {
  if (asked.record) writeFloors(withFloorsOf(readFloors(), name, measurements));
  if (asked.pictures && measurements.some(({ share }) => share !== undefined))
    writeFileSync(
      fileURLToPath(new URL(`performance-${name.replaceAll(' ', '-')}.svg`, PICTURES)),
      pictureOf(bench.title, bench.limit, measurements),
    );
}

async function run(asked: BenchArguments): Promise<number> {
  if (asked.name === undefined) {
    console.log(list());
    return 0;
  }
  const chosen = chosenBy(asked.name);
  if (chosen.length === 0) {
    const names = Object.keys({ ...BENCHES, ...COMPARISONS });
    throw new Error(`there is no benchmark "${asked.name}", only: ${names.join(', ')}, all`);
  }
  const results: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, bench] of chosen) {
    const before = machineNow();
    const measurements = await measure(bench, asked);
    keep(name, bench, measurements, asked);
    // None: it was skipped, and has said why.
    if (asked.check && measurements.length > 0)
      problems.push(...belowFloors(readFloors(), name, measurements));
    results[name] = {
      title: bench.title,
      limit: bench.limit,
      repetitions: asked.repetitions,
      before,
      after: machineNow(),
      measurements,
    };
    if (!asked.json)
      console.log(
        `${bench.title}\nlimit: ${bench.limit}\n${before}, then ${machineNow()}; ${asked.repetitions} repetitions\n\n${tableOf(measurements)}\n`,
      );
  }
  if (asked.json) console.log(JSON.stringify(results, null, 2));
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await run(parseBenchArguments(process.argv.slice(2)));
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  console.error(error instanceof Error && process.env.DEBUG !== undefined ? error.stack : text);
  // What the benchmark has started may still run, and ends with this process.
  process.exit(2);
}
