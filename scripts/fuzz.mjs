// Attacks every port with wrong bytes, frames and messages, for as long as asked.
//
//   node scripts/fuzz.mjs [--seconds N] [--seed N]
//
// So many seconds a port (3,600), from a seed: another one each time, which is printed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = 'usage: node scripts/fuzz.mjs [--seconds N] [--seed N]';
const DEFAULT_SECONDS = '3600';
const TEST = fileURLToPath(new URL('../e2e/dist/fuzz/fuzz.test.js', import.meta.url));

function wholeNumber(name, text) {
  if (/^[0-9]+$/.test(text)) return text;
  console.error(`${name} is "${text}": give a whole number\n${USAGE}`);
  process.exit(2);
}

function asked() {
  try {
    const options = { seconds: { type: 'string' }, seed: { type: 'string' } };
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

const { seconds = DEFAULT_SECONDS, seed } = asked();
const environment = {
  ...process.env,
  FUZZ_SECONDS: wholeNumber('--seconds', seconds),
  ...(seed !== undefined && { FUZZ_SEED: wholeNumber('--seed', seed) }),
};
const reporter = ['--test-reporter', 'spec'];
const { status } = spawnSync(process.execPath, ['--test', ...reporter, TEST], {
  stdio: 'inherit',
  env: environment,
});
process.exit(status ?? 1);
