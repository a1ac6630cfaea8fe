// Attacks every port with wrong bytes, frames and messages, for as long as asked.
//
//   node scripts/fuzz.mjs [--seconds N] [--seed N]
//
// So many seconds a port (3,600), from a seed: another one each time, which is printed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandLine, wholeNumber } from './arguments.mjs';

const USAGE = 'usage: node scripts/fuzz.mjs [--seconds N] [--seed N]';
const DEFAULT_SECONDS = '3600';
const TEST = fileURLToPath(new URL('../e2e/dist/fuzz/fuzz.test.js', import.meta.url));

const {
  values: { seconds, seed },
} = commandLine(USAGE, {
  options: { seconds: { type: 'string', default: DEFAULT_SECONDS }, seed: { type: 'string' } },
  judge: ({ seconds, seed }) => {
    wholeNumber('seconds', seconds);
    wholeNumber('seed', seed);
  },
});
const environment = {
  ...process.env,
  FUZZ_SECONDS: seconds,
  ...(seed !== undefined && { FUZZ_SEED: seed }),
};
const reporter = ['--test-reporter', 'spec'];
const { status } = spawnSync(process.execPath, ['--test', ...reporter, TEST], {
  stdio: 'inherit',
  env: environment,
});
process.exit(status ?? 1);
