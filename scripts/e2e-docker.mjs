// Runs the suite against containers: npm run e2e:docker [-- --short]
//
// Needs a Docker engine with Compose. Where none answers, ../shared/docker-engine beside the repository
// starts one, for the time of the run; where that isn't either, the suite is skipped, and says so.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandLine } from './arguments.mjs';

const ENGINE_STARTER = fileURLToPath(new URL('../../shared/docker-engine', import.meta.url));
const SUITE = fileURLToPath(new URL('../e2e/dist/containers/containers.suite.js', import.meta.url));
/** Each fault so often, in the short form of it: enough to see that it works, too little for a median. */
const SHORT_ROUNDS = '1';
/** For all of it: within, everything has limits of its own. */
const TIMEOUT_MS = 30 * 60_000;

const {
  values: { short },
} = commandLine('usage: npm run e2e:docker -- [--short]', { options: { short: { type: 'boolean' } } });

const works = (...words) => spawnSync(words[0], words.slice(1), { stdio: 'ignore' }).status === 0;
const engineAnswers = () => works('docker', 'info');
const composeIsHere = () => works('docker', 'compose', 'version') || works('docker-compose', 'version');
const starter = (...args) => spawnSync(ENGINE_STARTER, args, { stdio: 'inherit' }).status === 0;

const answered = engineAnswers();
const canStart = existsSync(ENGINE_STARTER);
if (!canStart && !(answered && composeIsHere())) {
  const missing = answered ? 'no Compose' : 'no Docker engine that answers';
  console.log(`e2e:docker is SKIPPED: there is ${missing} here. Nothing was tested.`);
  process.exit(0);
}
// Does nothing where all is there already.
if (canStart && !starter()) {
  console.error('e2e:docker failed: the engine could not be started');
  process.exit(1);
}
const flags = ['--test', '--test-reporter=spec', `--test-timeout=${TIMEOUT_MS}`];
const result = spawnSync(process.execPath, [...flags, SUITE], {
  stdio: 'inherit',
  env: { ...process.env, ...(short ? { DUALPING_E2E_ROUNDS: SHORT_ROUNDS } : {}) },
});
if (!answered) starter('stop');
process.exit(result.status ?? 1);
