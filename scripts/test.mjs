// Runs the compiled tests under the folders given, with Node's own test runner.
//
//   node scripts/test.mjs packages e2e [--only PART-OF-A-FILE-NAME]
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = 'usage: node scripts/test.mjs FOLDER... [--only PART-OF-A-FILE-NAME]';

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
// Most of the time of most e2e tests is waiting: two files side by side keep two cores busy, more make them wait for one another.
const CONCURRENCY = 2;
const flags = [
  '--test',
  `--test-concurrency=${CONCURRENCY}`,
  '--test-reporter=spec',
  `--test-timeout=${TIMEOUT_MS}`,
];
const result = spawnSync(process.execPath, [...flags, ...files], {
  stdio: 'inherit',
});
process.exit(result.status ?? 1);
