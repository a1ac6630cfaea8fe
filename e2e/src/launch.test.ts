/**
 * `scripts/launch.sh` in a clone that is not built, with a fake npm and node that only print their arguments.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/launch.sh', import.meta.url));
/** Exit code of a wrong command line. */
const MISTAKE = 2;

const clone = mkdtempSync(join(tmpdir(), 'dualping-launch-'));
after(() => rmSync(clone, { recursive: true, force: true }));
const tools = join(clone, 'tools');
const asked = join(clone, 'asked');
const launcher = join(clone, 'scripts/launch.sh');
mkdirSync(tools);
mkdirSync(join(clone, 'scripts'));
copyFileSync(SCRIPT, launcher);
const BUILD = `case "$*" in *"run build"*) mkdir -p "${clone}/packages/dualping/dist" "${clone}/node_modules"
touch "${clone}/packages/dualping/dist/main.js" ;; esac`;
for (const [name, does] of Object.entries({ npm: BUILD, node: ':' }))
  writeFileSync(join(tools, name), `#!/bin/sh\necho "${name} $*" >>"${asked}"\n${does}\n`, { mode: 0o755 });

const launch = (...args: readonly string[]) => launchWith({}, ...args);

function launchWith(variables: NodeJS.ProcessEnv, ...args: readonly string[]) {
  writeFileSync(asked, '');
  const env = {
    ...process.env,
    PATH: `${tools}:${process.env.PATH}`,
    PORT: '',
    ID: '',
    CLUSTER: '',
    DATA: '',
    CA: '',
    ...variables,
  };
  const { status, stdout, stderr } = spawnSync('sh', [launcher, ...args], { env, encoding: 'utf8' });
  const calls = readFileSync(asked, 'utf8').replaceAll(clone, '.').split('\n').slice(0, -1);
  return { status, stdout, stderr, calls };
}

test('without a build it prints its usage', () => {
  const nothing = launch();
  assert.deepEqual([nothing.status, nothing.stdout, nothing.calls], [MISTAKE, '', []]);
  assert.match(nothing.stderr, /^usage: launch\.sh r IP/);
  const help = launch('--help');
  assert.deepEqual([help.status, help.stderr, help.calls], [0, '', []]);
  assert.match(help.stdout, /^usage: /);
  for (const [args, said] of [
    [['x'], /there is no role "x"/],
    [['r'], /0 arguments after the role, 1 are needed/],
    [['s', '10.0.0.2'], /1 arguments after the role, 2 are needed/],
    [['c', '10.0.0.1', 'mira', 'more'], /3 arguments after the role, 2 are needed/],
  ] as const) {
    const { status, stderr, calls } = launch(...args);
    assert.deepEqual([status, calls], [MISTAKE, []]);
    assert.match(stderr, said);
  }
});

test('a missing build is made, once', () => {
  const first = launch('r', '10.0.0.1');
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /not built yet: building it/);
  assert.deepEqual(first.calls, [
    'npm --prefix . ci --no-audit --no-fund',
    'npm --prefix . run build',
    'node ./packages/dualping/bin/dualping.js router --host 10.0.0.1 --port 7070 --data dualping-data/router',
  ]);
  assert.equal(existsSync(join(clone, 'node_modules.building')), false);
  const server = launch('s', '10.0.0.2', 'fe80::1');
  assert.deepEqual(server.calls, [
    'node ./packages/dualping/bin/dualping.js server --supervised --host 10.0.0.2 --routers [fe80::1]:7070 --id 1 --cluster 1 --data dualping-data/s1',
  ]);
  assert.deepEqual(launch('c', '10.0.0.1', 'mira').calls, [
    'node ./packages/dualping/bin/dualping.js client --routers 10.0.0.1:7070 --user mira',
  ]);
  assert.deepEqual(launchWith({ CA: 'a file.pem' }, 'c', '10.0.0.1', 'mira').calls, [
    'node ./packages/dualping/bin/dualping.js client --routers 10.0.0.1:7070 --user mira --ca a file.pem',
  ]);
});
