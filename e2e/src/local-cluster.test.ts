/** `up` with its processes killed, frozen and refused; `status` and `down` beside it. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DualpingProcess, type Outcome } from './dualping-process.js';
import { eventually } from './eventually.js';

interface Resident {
  readonly name: string;
  readonly pid: number;
  readonly address?: string;
}

const run = (...args: readonly string[]): Promise<Outcome> => new DualpingProcess(args).outcome();

describe('a local cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-local-'));
  const data = join(folder, 'data');
  let up: DualpingProcess;

  /** While the router does not answer, `status` also prints an error. */
  const status = async () => {
    const { text } = await run('status', '--data', data, '--json');
    return JSON.parse(text.split('\n').find((line) => line.startsWith('{"folder"')) ?? '{}');
  };
  const residents = async (): Promise<readonly Resident[]> => (await status()).processes;
  const pidOf = async (name: string): Promise<number> =>
    (await residents()).find((each) => each.name === name)?.pid ?? 0;
  /** Waits until another process has replaced that one and all are ready. */
  const replaced = async (name: string, pid: number): Promise<void> => {
    const found = await eventually(`another ${name}`, async () => {
      const now = await pidOf(name);
      return now !== 0 && now !== pid;
    });
    assert.ok(found);
    await eventually('all are in sync again', async () => {
      const { code, text } = await run('status', '--data', data);
      return code === 0 && text.match(/live, in sync/g)?.length === 2;
    });
  };

  before(async () => {
    const flags = ['--data', data, '--port', '0', '--servers', '2', '--keep-alive-ms', '1000'];
    up = new DualpingProcess(['up', ...flags]);
    await up.line(/^ready/);
  });
  after(async () => {
    await up.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('status shows what runs where, and which server is primary', async () => {
    const { code, text } = await run('status', '--data', data);
    assert.equal(code, 0);
    assert.match(text, new RegExp(`up +pid ${up.pid}\n`));
    assert.match(text, /router +pid \d+ {2}127\.0\.0\.1:\d+\n/);
    assert.match(text, /s2 +pid \d+ {2}127\.0\.0\.1:\d+\n/);
    assert.match(text, /s1 primary at .* live, in sync/);
    assert.deepEqual(
      (await residents()).map(({ name }) => name),
      ['up', 'router', 's1', 's2'],
    );
    const [{ epoch, primary, inSync }] = (await status()).network.assignments;
    assert.deepEqual([epoch, primary.serverId, inSync.length], [1, 1, 2]);
  });

  test('for status a flag overrides a variable', async () => {
    const asked = new DualpingProcess(['status', '--data', data], { DUALPING_ROUTERS: '127.0.0.1:1' });
    assert.equal(await asked.exited, 0);
    await asked.line(/s1 primary at/);
  });

  test('a second up on the folder names the process that has it, and where', async () => {
    const { code, text } = await run('up', '--data', data, '--port', '0');
    assert.equal(code, 2);
    assert.match(
      text,
      new RegExp(`"${data}" is in use by dualping up \\(pid ${up.pid}\\), its router is at 127`),
    );
  });

  test('a frozen server is killed and started again', async () => {
    const pid = await pidOf('s2');
    process.kill(pid, 'SIGSTOP');
    await replaced('s2', pid);
    assert.match(up.tail(200), /up hung: s2 says nothing for \d+ ms and is killed/);
  });

  test('a frozen router is killed and started again', async () => {
    const pid = await pidOf('router');
    process.kill(pid, 'SIGSTOP');
    await replaced('router', pid);
    assert.match(up.tail(200), /up hung: router says nothing/);
  });

  test('a server that was ended by hand is started again', async () => {
    const pid = await pidOf('s1');
    process.kill(pid, 'SIGTERM');
    await replaced('s1', pid);
  });

  test('a server that is refused permanently is not started again; the others go on', async () => {
    const pid = await pidOf('s2');
    // Now the folder belongs to another server, and a start must notice that.
    copyFileSync(join(data, 's1', 'identity.json'), join(data, 's2', 'identity.json'));
    process.kill(pid, 'SIGKILL');
    await up.line(/up given-up: s2 is refused for good, and is not started again: .* belongs to server s1/);
    assert.ok((await residents()).some(({ name }) => name === 's1'));
  });

  test('each process has its log', () => {
    for (const name of ['up', 'router', 's1', 's2'])
      assert.ok(statSync(join(data, 'logs', `${name}.log`)).size > 0);
    assert.match(readFileSync(join(data, 'logs', 'up.log'), 'utf8'), /hung: s2/);
  });

  test('down ends it in order; then down and status find nothing', async () => {
    const { code, text } = await run('down', '--data', data);
    assert.equal(code, 0);
    assert.match(text, new RegExp(`ended dualping up \\(pid ${up.pid}\\)`));
    assert.equal(await up.exited, 143);
    assert.match((await run('down', '--data', data)).text, /nothing runs in/);
    const after = await run('status', '--data', data);
    assert.equal(after.code, 3);
    assert.match(after.text, /nothing runs in/);
  });

  test('what can not be asked is quoted', async () => {
    for (const command of ['down', 'status']) {
      const { code, text } = await run(command, '--data', join(folder, 'nowhere'));
      assert.equal(code, 3);
      assert.match(text, /nowhere" does not exist/);
    }
    const both = await run('status', '--data', data, '--routers', '127.0.0.1:1');
    assert.equal(both.code, 2);
    assert.match(both.text, /--data or --routers, not both/);
    const router = new DualpingProcess(['router', '--port', '0', '--data', join(folder, 'alone')]);
    await router.ready();
    const alone = await run('down', '--data', join(folder, 'alone'));
    assert.equal(alone.code, 2);
    assert.match(alone.text, new RegExp(`in use by router \\(pid ${router.pid}\\), which neither`));
    await router.kill();
  });
});
