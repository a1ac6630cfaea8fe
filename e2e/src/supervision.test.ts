/**
 * Pairs of a server and its supervisor as real processes: killed and frozen in any order, asked to end,
 * refused.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import type { MemberInfo } from '@dualping/core';
import { type Holder, holderOf, isRunning, signalProcess } from '@dualping/host';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';
import { operatorIn } from './test-cluster.js';

/** Keep-alive interval of supervisor and server, ms; three intervals of silence count as a hang. */
const KEEP_ALIVE_MS = 1_000;
/** Each round takes two or three seconds, until a killed server has been started again and is in sync. */
const ROUNDS = 20;
const SETTLED_MS = 60_000;

/** The processes that `--supervised` has started for a data folder, found by their locks. */
class Pair {
  readonly keeper: DualpingProcess;

  constructor(
    readonly folder: string,
    readonly router: string,
    id = 1,
  ) {
    const flags = ['--id', `${id}`, '--data', folder, '--routers', router];
    this.keeper = new DualpingProcess([
      'server',
      '--supervised',
      ...flags,
      '--keep-alive-ms',
      `${KEEP_ALIVE_MS}`,
    ]);
  }

  get server(): Holder | undefined {
    return holderOf(this.folder);
  }
  get supervisor(): Holder | undefined {
    return holderOf(join(this.folder, 'supervision'));
  }

  /** Waits until both run and the server is live and in sync. */
  async whole(routers: RouterClient): Promise<{ server: Holder; supervisor: Holder; member: MemberInfo }> {
    return await eventually(
      'a server and its supervisor run, and the server is in sync',
      async () => {
        const { server, supervisor } = this;
        if (server === undefined || supervisor === undefined) return undefined;
        const status = await routers.status().catch(() => undefined);
        const member = status?.assignments[0]?.members.find(({ live, inSync }) => live && inSync);
        if (
          member === undefined ||
          this.server?.pid !== server.pid ||
          !this.#hears(server.pid, supervisor.pid)
        )
          return undefined;
        return { server, supervisor, member };
      },
      SETTLED_MS,
      () => this.said(),
    );
  }

  /** Whether the server's last line about its supervisor names that process. */
  #hears(server: number, supervisor: number): boolean {
    const lines = this.said().split('\n');
    const listening = lines.findLastIndex(
      (line) => line.endsWith(`pid ${server}`) && line.includes('listening'),
    );
    const supervised = lines.findLastIndex((line) => line.includes('supervised: by pid'));
    return supervised > listening && (lines[supervised] ?? '').endsWith(`pid ${supervisor}`);
  }

  said(): string {
    const log = (name: string): string => {
      const path = join(this.folder, 'logs', `${name}.log`);
      return existsSync(path) ? readFileSync(path, 'utf8') : '';
    };
    return `${log('supervisor')}\n${log('server')}`;
  }

  async end(): Promise<void> {
    await this.keeper.kill();
    // Each would start the other again, so they are killed until none is left.
    await eventually('all of the pair are gone', () => {
      const { supervisor, server } = this;
      for (const each of [supervisor, server]) if (each !== undefined) signalProcess(each, 'SIGKILL');
      return supervisor === undefined && server === undefined && !startsSomething(this.folder);
    });
  }
}

/** Processes of this machine whose command line contains that folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ');
        return line.includes(folder) ? [`${pid} ${line}`] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
}
const startsSomething = (folder: string): boolean => processesOf(folder).length > 0;

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-pair-'));
  folders.push(folder);
  return folder;
}

describe('a supervised server', {
  skip: process.platform !== 'linux' && 'processes are looked for in /proc',
}, () => {
  const folder = newFolder();
  const data = join(folder, 's1');
  let router: DualpingProcess;
  let routers: RouterClient;
  let pair: Pair;

  before(async () => {
    router = new DualpingProcess(['router', '--port', '0', '--data', join(folder, 'router')]);
    const address = await router.ready();
    routers = new RouterClient({ routers: [address], credentials: operatorIn(join(folder, 'certs')) });
    pair = new Pair(data, await router.ready());
    await pair.keeper.ready();
  });
  after(async () => {
    routers.close();
    await pair.end();
    await router.kill();
    for (const each of folders) rmSync(each, { recursive: true, force: true, maxRetries: 5 });
  });

  test(`${ROUNDS} kills of the server, the supervisor or both leave one of each, alive and in sync`, async () => {
    let { server, supervisor } = await pair.whole(routers);
    // A fixed order that contains every sequence of two.
    const order = ['server', 'supervisor', 'both', 'server', 'both', 'supervisor', 'supervisor'] as const;
    for (let round = 0; round < ROUNDS; round += 1) {
      const victim = order[round % order.length];
      const victims = [
        ...(victim === 'supervisor' ? [] : [server]),
        ...(victim === 'server' ? [] : [supervisor]),
      ];
      for (const each of round % 2 === 0 ? victims : victims.reverse()) signalProcess(each, 'SIGKILL');
      await eventually(`the killed are gone (round ${round})`, () => !victims.some(isRunning));
      const next = await pair.whole(routers);
      if (victim === 'supervisor') assert.equal(next.server.pid, server.pid, 'the server was adopted');
      if (victim === 'server') assert.equal(next.supervisor.pid, supervisor.pid, 'the supervisor stayed');
      ({ server, supervisor } = next);
    }
    const running = processesOf(data).filter((line) => !line.includes('--supervised'));
    assert.equal(running.length, 2, running.join('\n'));
  });

  test('a frozen server is noticed, killed and started again', async () => {
    const { server, member } = await pair.whole(routers);
    signalProcess(server, 'SIGSTOP');
    await eventually('the frozen server is gone', () => !isRunning(server));
    const after = await pair.whole(routers);
    assert.ok(after.member.incarnation > member.incarnation);
    assert.match(pair.said(), /supervisor s1 hung: s1 says nothing for \d+ ms and is killed/);
  });

  test('a frozen supervisor is noticed and replaced', async () => {
    const { server, supervisor } = await pair.whole(routers);
    signalProcess(supervisor, 'SIGSTOP');
    await eventually('the frozen supervisor is gone', () => !isRunning(supervisor));
    const after = await pair.whole(routers);
    assert.equal(after.server.pid, server.pid);
    assert.notEqual(after.supervisor.pid, supervisor.pid);
  });

  test('a supervisor that is frozen when its server is killed is replaced by the keeper', async () => {
    const { server, supervisor } = await pair.whole(routers);
    signalProcess(supervisor, 'SIGSTOP');
    signalProcess(server, 'SIGKILL');
    await eventually('the frozen supervisor is gone', () => !isRunning(supervisor), SETTLED_MS);
    const after = await pair.whole(routers);
    assert.notEqual(after.server.pid, server.pid);
  });

  test('a server that is frozen when its supervisor is killed gets another one from the keeper, and is replaced', async () => {
    const { server, supervisor } = await pair.whole(routers);
    signalProcess(server, 'SIGSTOP');
    signalProcess(supervisor, 'SIGKILL');
    await eventually('the frozen server is gone', () => !isRunning(server), SETTLED_MS);
    const after = await pair.whole(routers);
    assert.notEqual(after.server.pid, server.pid);
  });

  test('a second pair, or a server started by hand, names the process that has the folder', async () => {
    const { server, supervisor } = await pair.whole(routers);
    const second = new Pair(data, await router.ready());
    assert.equal(await second.keeper.exited, 2);
    assert.match(
      second.keeper.tail(),
      new RegExp(`is in use by the supervisor of .* \\(pid ${supervisor.pid}\\)`),
    );
    const flags = ['--id', '1', '--data', data, '--routers', await router.ready()];
    const byHand = new DualpingProcess(['server', ...flags]);
    assert.equal(await byHand.exited, 2);
    assert.match(byHand.tail(), new RegExp(`is in use by server s1 .*pid ${server.pid}`));
  });

  test('SIGTERM to the pair ends both in order and leaves nothing', async () => {
    await pair.whole(routers);
    assert.equal(await pair.keeper.stop(), 143);
    assert.deepEqual(processesOf(data), []);
    assert.match(pair.said(), /server s1 stopped: /);
  });

  for (const which of ['server', 'supervisor'] as const)
    test(`SIGTERM to the ${which} alone ends both`, async () => {
      pair = new Pair(data, await router.ready());
      const whole = await pair.whole(routers);
      signalProcess(whole[which], 'SIGTERM');
      assert.equal(await pair.keeper.exited, 0, pair.keeper.tail());
      assert.deepEqual(processesOf(data), []);
    });

  test('the keeper may be killed: the pair goes on, and `down` ends it', async () => {
    pair = new Pair(data, await router.ready());
    const { supervisor } = await pair.whole(routers);
    await pair.keeper.kill();
    signalProcess(supervisor, 'SIGKILL');
    await eventually('the supervisor is gone', () => !isRunning(supervisor));
    await pair.whole(routers);
    const down = new DualpingProcess(['down', '--data', data]);
    assert.equal(await down.exited, 0);
    assert.deepEqual(processesOf(data), []);
  });

  test('an older copy of its folder goes on as a new journal and does not serve; the original does', async () => {
    pair = new Pair(data, await router.ready());
    await pair.whole(routers);
    await pair.keeper.stop();
    const copy = join(folder, 'copy');
    cpSync(data, copy, { recursive: true });
    // The original folder is used for three more lives.
    pair = new Pair(data, await router.ready());
    let { server } = await pair.whole(routers);
    for (let life = 0; life < 3; life += 1) {
      signalProcess(server, 'SIGKILL');
      await eventually('the killed is gone', () => !isRunning(server));
      ({ server } = await pair.whole(routers));
    }
    await pair.keeper.stop();
    const stale = new Pair(copy, await router.ready());
    try {
      const reason = await eventually(
        'the copy is a live member that does not serve',
        async () => {
          const assignment = (await routers.status().catch(() => undefined))?.assignments[0];
          const isThere = assignment?.members.some(({ live }) => live) === true && stale.server !== undefined;
          return isThere && /older-copy/.test(stale.said()) ? assignment.unavailableReason : undefined;
        },
        SETTLED_MS,
        () => stale.said(),
      );
      assert.match(
        stale.said(),
        /older-copy: .*is older than journal .*It goes on as a new journal, which has to catch up/,
      );
      assert.match(reason, /with the journal that it had: s1 came with another/);
      assert.notEqual(journalOf(copy), journalOf(data));
    } finally {
      await stale.end();
    }
    pair = new Pair(data, await router.ready());
    await pair.whole(routers);
    await pair.keeper.stop();
  });

  test('its logs stay within bounds', () => {
    for (const name of readdirSync(join(data, 'logs')))
      assert.ok(statSync(join(data, 'logs', name)).size <= 2 * 1024 * 1024, name);
  });
});

const journalOf = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, 'identity.json'), 'utf8')) as { journalId: string }).journalId;
