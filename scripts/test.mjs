// Runs the compiled tests under the folders given, with Node's own test runner.
//
//   node scripts/test.mjs packages e2e [--only PART-OF-A-FILE-NAME]
//
// SECOND_TRY=1, as in CI: files that failed run once more.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, UsageError } from './arguments.mjs';
import { killLeftovers, MARK } from './leftovers.mjs';

const USAGE = 'usage: node scripts/test.mjs FOLDER... [--only PART-OF-A-FILE-NAME]';
const secondTry = process.env.SECOND_TRY === '1';

const {
  positionals: folders,
  values: { only },
} = commandLine(USAGE, {
  options: { only: { type: 'string' } },
  positionals: Number.POSITIVE_INFINITY,
  judge: (_, folders) => {
    if (folders.length === 0) throw new UsageError('no folder is given');
    const missing = folders.find((folder) => !existsSync(folder));
    if (missing !== undefined) throw new UsageError(`there is no folder "${missing}"`);
  },
});

function testsUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return testsUnder(path);
      if (!path.includes(`${join('dist', '')}`) || !entry.name.endsWith('.test.js')) return [];
      const source = path.replace(/(^|[\\/])dist([\\/])/, '$1src$2').replace(/\.js$/, '.ts');
      return existsSync(source) ? [path] : []; // a test whose source is gone is a leftover of an older build
    });
}

const files = folders
  .flatMap(testsUnder)
  .filter((file) => only === undefined || file.includes(only))
  .sort();
if (files.length === 0) {
  console.error(`no tests under "${folders.join(' ')}"${only === undefined ? '' : ` match "${only}"`}`);
  process.exit(1);
}
// One test that hangs must say so while there is time for the others: the longest takes two or three minutes.
const TIMEOUT_MS = 8 * 60_000;
/**
 * Test files side by side. Most of the time of tests with processes is waiting: two of them keep two cores
 * busy, more make them wait for one another.
 */
const MOST_SIDE_BY_SIDE = 2;
/** Its tests mostly compute. Beside others they run one at a time, with what those leave of the cores. */
const COMPUTES = 'packages';
/** Of what computes beside tests with deadlines. */
const LOWER_PRIORITY = 10;
/** What may be a neighbour's doing. More files than this have a reason of ours. */
const MOST_SECOND_TRIES = 3;

const folder = mkdtempSync(join(tmpdir(), 'dualping-tests-'));
const FAILED_FILES = new URL('failed-files.mjs', import.meta.url).href;

/**
 * Runs test files. Resolves when all have ended, with the files in which a test failed.
 * @param isBeside at a lower priority, and what it prints comes at its end in one piece
 */
async function run(chosen, concurrency, isBeside) {
  const name = join(folder, randomUUID());
  const failedList = `${name}-failed`;
  const printed = `${name}-printed`;
  const flags = ['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${TIMEOUT_MS}`];
  const reporters = ['spec', isBeside ? printed : 'stdout', FAILED_FILES, failedList].map(
    (value, i) => `--test-reporter${i % 2 === 0 ? '' : '-destination'}=${value}`,
  );
  const mark = randomUUID();
  const env = { ...process.env, [MARK]: mark };
  const child = spawn(process.execPath, [...flags, ...reporters, ...chosen], { stdio: 'inherit', env });
  if (isBeside) setPriority(child.pid, LOWER_PRIORITY);
  const [status] = await once(child, 'exit');
  if (isBeside) console.log(readFileSync(printed, 'utf8'));
  const left = killLeftovers(mark);
  if (left.length > 0) console.log(`\nleft behind by tests, and killed:\n${left.join('\n')}`);
  const failed = readFileSync(failedList, 'utf8').split('\n').filter(Boolean);
  return { status: status ?? 1, failed };
}

const groups = folders
  .map((each) => ({ files: files.filter((file) => file.startsWith(join(each, '/'))), each }))
  .filter((group) => group.files.length > 0);
const ended = await Promise.all(
  groups.map(({ files: chosen, each }) => {
    const isBeside = groups.length > 1 && each === COMPUTES;
    return run(chosen, isBeside ? 1 : MOST_SIDE_BY_SIDE, isBeside);
  }),
);
const failed = ended.flatMap((group) => group.failed);
let status = Math.max(...ended.map((group) => group.status));
// On two shared cores a neighbour can take all the time that a test has. What fails again, by itself, has
// failed.
if (status !== 0 && secondTry && failed.length > 0 && failed.length <= MOST_SECOND_TRIES) {
  console.log(`\nFAILED, and tried a second time by themselves:\n${failed.join('\n')}\n`);
  ({ status } = await run(failed, 1, false));
}
rmSync(folder, { recursive: true });
process.exit(status);
