/** The systemd units that the package has: systemd takes them, and what they start runs as they say. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DualpingProcess } from './dualping-process.js';

const UNITS = fileURLToPath(new URL('../../packages/dualping/systemd', import.meta.url));
/** What `systemd-analyze security` gives is 0 to 100, and "OK" up to 40. A unit without any of it has 96. */
const MOST_EXPOSED = 20;
const INSTANCE = '1';

const folder = mkdtempSync(join(tmpdir(), 'dualping-systemd-'));
after(() => rmSync(folder, { recursive: true }));

const read = (name: string): string => readFileSync(join(UNITS, name), 'utf8').replaceAll('%i', INSTANCE);
const values = (unit: string, key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);

/** The command line and the variables of a unit; the example settings in its comment too. */
function started(name: string): { readonly args: readonly string[]; readonly env: Record<string, string> } {
  const unit = read(name);
  const [command, program, ...args] = values(unit, 'ExecStart')[0]?.split(' ') ?? [];
  assert.deepEqual([command, program], ['/usr/bin/env', 'dualping']);
  const examples = [...unit.matchAll(/^# {3}(DUALPING_\S+)$/gm)].map(([, line = '']) => line);
  assert.ok(examples.length > 0);
  const pairs = [...examples, ...values(unit, 'Environment').flatMap((line) => line.split(' '))];
  return { args, env: Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string])) };
}

test('systemd takes the units, and finds little to object to', (t) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    t.skip('systemd-analyze is not installed');
    return;
  }
  for (const name of readdirSync(UNITS)) {
    const unit = join(folder, name.replace('@.', `@${INSTANCE}.`));
    copyFileSync(join(UNITS, name), unit);
    const { stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
      encoding: 'utf8',
    });
    assert.deepEqual([stderr, status], ['', 0], name);
    // Ends with another code than 0 when it is above.
    execFileSync('systemd-analyze', ['security', '--offline=true', `--threshold=${MOST_EXPOSED}`, unit], {
      stdio: 'ignore',
    });
  }
});

test('what the units start runs with their settings, and ends in order', async () => {
  assert.deepEqual(readdirSync(UNITS), ['dualping-router.service', 'dualping-server@.service']);
  const router = started('dualping-router.service');
  assert.equal(router.env.DUALPING_DATA, '/var/lib/dualping/router');
  // Here without certificates, and where there is room.
  const here = { DUALPING_CERTS: '', DUALPING_HOST: '127.0.0.1', DUALPING_METRICS: '', DUALPING_PORT: '0' };
  const first = new DualpingProcess(router.args, {
    ...router.env,
    ...here,
    DUALPING_DATA: join(folder, 'r'),
  });
  const address = await first.ready();
  const server = started('dualping-server@.service');
  assert.deepEqual([server.env.DUALPING_ID, server.env.DUALPING_DATA], [INSTANCE, '/var/lib/dualping/s1']);
  const second = new DualpingProcess(server.args, {
    ...server.env,
    ...here,
    DUALPING_ROUTERS: address,
    DUALPING_DATA: join(folder, 's1'),
  });
  await second.line(/serving/);
  assert.equal(await second.stop(), 143);
  assert.equal(await first.stop(), 143);
});
