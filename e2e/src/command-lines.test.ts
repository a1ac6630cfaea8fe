/** What the scripts, the benchmarks and the simulator say about a command line that they can't take. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OWN_ARGUMENTS = /^import \{.*\bcommandLine\b.*\} from '\.\/arguments\.mjs';$/m;

const scripts = readdirSync(`${ROOT}scripts`)
  .map((name) => `scripts/${name}`)
  .filter(
    (script) => script.endsWith('.mjs') && OWN_ARGUMENTS.test(readFileSync(`${ROOT}${script}`, 'utf8')),
  );
const STARTED = [...scripts, 'e2e/dist/bench/main.js', 'packages/sim/bin/sim.js'];

const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });

test('the scripts of CONTRIBUTING are among them', () => {
  for (const name of ['test', 'fuzz', 'release', 'generate', 'licences', 'e2e-docker', 'e2e-faults', 'api'])
    assert.ok(scripts.includes(`scripts/${name}.mjs`), name);
});

for (const started of STARTED)
  describe(started, () => {
    test('--help explains it', () => {
      const { status, stdout } = run(started, '--help');
      assert.equal(status, started.endsWith('sim.js') ? 2 : 0);
      assert.match(stdout, /^(usage: )?n(ode|pm) /m);
    });

    test('an option that it does not have is quoted, and nothing is done', () => {
      const { status, stdout, stderr } = run(started, '--wrong');
      assert.equal(status, 2);
      assert.match(stderr, /^.*["']--wrong["']/);
      assert.doesNotMatch(stderr, /TypeError|^ {4}at /m);
      assert.equal(stdout, '');
    });
  });

test('a benchmark that does not exist is quoted', () => {
  const { status, stderr } = run('e2e/dist/bench/main.js', 'wrong');
  assert.equal(status, 2);
  assert.match(stderr, /^there is no benchmark "wrong", only: post, /);
});
