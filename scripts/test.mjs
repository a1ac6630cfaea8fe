// Runs the compiled tests under the folders given, with Node's own test runner.
//
//   node scripts/test.mjs packages e2e [--only PART-OF-A-FILE-NAME]
//
// SECOND_TRY=1, as in CI: files that failed run once more.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killLeftovers, MARK } from './leftovers.mjs';

const USAGE = 'usage: node scripts/test.mjs FOLDER... [--only PART-OF-A-FILE-NAME]';
const secondTry = process.env.SECOND_TRY === '1';

const { folders, only } = asked(process.argv.slice(2));

function asked(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { only: { type: 'string' }, help: { type: 'boolean' } },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    if (positionals.length === 0) throw new Error('no folder is given');
    const missing = positionals.find((folder) => !existsSync(folder));
    if (missing !== undefined) throw new Error(`there is no folder "${missing}"`);
    return { folders: positionals, only: values.only };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

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
// Most of the time of most e2e tests is waiting: two files side by side keep two cores busy, more make them
// wait for one another.
const CONCURRENCY = 2;
/** What may be a neighbour's doing. More files than this have a reason of ours. */
const MOST_SECOND_TRIES = 3;

const folder = mkdtempSync(join(tmpdir(), 'dualping-tests-'));
const failedList = join(folder, 'failed-files');
const FAILED_FILES = new URL('failed-files.mjs', import.meta.url).href;

function run(chosen, concurrency) {
  const flags = ['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${TIMEOUT_MS}`];
  const reporters = ['spec', 'stdout', FAILED_FILES, failedList].map(
    (value, i) => `--test-reporter${i % 2 === 0 ? '' : '-destination'}=${value}`,
  );
  const args = [...flags, ...reporters, ...chosen];
  const mark = randomUUID();
  const env = { ...process.env, [MARK]: mark };
  const status = spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
  const left = killLeftovers(mark);
  if (left.length > 0) console.log(`\nleft behind by tests, and killed:\n${left.join('\n')}`);
  return status;
}

let status = run(files, CONCURRENCY);
// On two shared cores a neighbour can take all the time that a test has. What fails again, by itself, has
// failed.
const failed = readFileSync(failedList, 'utf8').split('\n').filter(Boolean);
if (status !== 0 && secondTry && failed.length > 0 && failed.length <= MOST_SECOND_TRIES) {
  console.log(`\nFAILED, and tried a second time by themselves:\n${failed.join('\n')}\n`);
  status = run(failed, 1);
}
rmSync(folder, { recursive: true });
process.exit(status);
