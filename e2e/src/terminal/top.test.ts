/** The cluster view as a user sees it: a real router and real servers, one of which is killed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DualpingSession, RouterClient } from '@dualping/client';
import { DualpingProcess, LAUNCHER } from '../dualping-process.js';
import { eventually } from '../eventually.js';
import { TestCluster } from '../test-cluster.js';
import { Terminal, type TerminalOptions } from './terminal.js';

const SERVERS = 3;
const home = mkdtempSync(join(tmpdir(), 'dualping-top-'));
let cluster: TestCluster;
let routers: RouterClient;

before(async () => {
  cluster = await TestCluster.start({ servers: SERVERS });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
  await cluster.whenWhole(routers);
});

after(async () => {
  routers?.close();
  await cluster?.destroy();
  rmSync(home, { recursive: true, force: true });
});

type Surroundings = Partial<Omit<TerminalOptions, 'command' | 'args'>>;

async function inTop(act: (terminal: Terminal) => Promise<void>, given: Surroundings = {}): Promise<void> {
  const args = [LAUNCHER, 'top', '--routers', cluster.routerAddress];
  const env = { HOME: home, XDG_STATE_HOME: join(home, 'state'), ...cluster.environment, ...given.env };
  const terminal = Terminal.start({ command: process.execPath, args, ...given, env });
  try {
    await act(terminal);
  } finally {
    await terminal.close();
  }
}

const rowOf = (terminal: Terminal, server: string): string =>
  terminal
    .screen()
    .split('\n')
    .find((row) => row.slice(3).startsWith(`${server} `)) ?? '';

async function primaryNow(): Promise<number> {
  const { primary } = await cluster.whenWhole(routers);
  assert.ok(primary !== undefined);
  return primary.serverId;
}

/** Starts the servers again that a test has killed. */
async function whole(): Promise<void> {
  for (const id of cluster.serverIds) if (cluster.server(id).ended) await cluster.startServer(id);
  await cluster.whenWhole(routers);
}

test('a kill is shown: which server is dead, which took over, and a bar for it', async () => {
  const primary = await primaryNow();
  await inTop(async (terminal) => {
    await terminal.shows(`3 of 3 healthy  primary s${primary}`);
    for (const id of cluster.serverIds)
      assert.match(rowOf(terminal, `s${id}`), id === primary ? /PRIMARY ● up/ : /standby ● up/);
    await terminal.eventually((seen) => /[▁▂▃▄▅▆▇█]{2}/.test(rowOf(seen, 's1')), 'the heart beats');
    await terminal.shows('Takeovers  none since this view began');
    await cluster.server(primary).kill();
    await terminal.eventually((seen) => /— +✗ dead/.test(rowOf(seen, `s${primary}`)), 'it is dead');
    await terminal.shows(/◐ 2 of 3 healthy {2}primary s\d/);
    await terminal.shows(/Takeovers {2}1 run {3}last ≤?[\d.]+ m?s/);
    await terminal.shows(new RegExp(`#1 s${primary} ✗ lost → s\\d took over in ≤?[\\d.]+ m?s`));
    await terminal.shows(new RegExp(`! s${primary} dropped`));
    await terminal.shows(/↑ s\d promoted, epoch \d/);
    await cluster.startServer(primary);
    await terminal.shows('3 of 3 healthy');
    await terminal.shows(new RegExp(`● s${primary} is back, incarnation 2`));
  });
});

test('Enter on a server shows its own events, and the rows can be sorted', async () => {
  const primary = await primaryNow();
  const standby = cluster.serverIds.find((id) => id !== primary) ?? 0;
  await inTop(async (terminal) => {
    await terminal.shows('3 of 3 healthy');
    terminal.press('s');
    await terminal.shows('ROLE▾');
    await terminal.eventually((seen) => seen.row(2).includes('PRIMARY'), 'the primary comes first');
    await cluster.server(standby).kill();
    await terminal.shows(`s${standby} dropped`);
    terminal.press('g');
    terminal.press('enter');
    await terminal.shows('What happened to it');
    await terminal.shows('nothing since this view began');
    await terminal.shows('not to be read from here');
    terminal.press('escape');
    await terminal.shows('Takeovers');
    terminal.press('S');
    await terminal.shows('ROLE▴');
    for (const _ of cluster.serverIds.slice(1)) terminal.press('j');
    terminal.press('s');
    await terminal.shows('STATE▾');
    await terminal.eventually((seen) => seen.row(2).includes('dead'), 'the worst comes first');
    terminal.press('g');
    terminal.press('enter');
    await terminal.shows(new RegExp(`What happened to it[^]*! s${standby} dropped`));
  });
  await whole();
});

test('the log of a server is read where `up` keeps it', async () => {
  const data = join(home, 'network');
  const up = new DualpingProcess(['up', '--port', '0', '--servers', '1', '--data', data]);
  try {
    const [, router = ''] = (await up.line(/^router +\S+:\d/)).split(/ +/);
    const args = [LAUNCHER, 'top', '--routers', router, '--data', data];
    const env = { HOME: home, XDG_STATE_HOME: join(home, 'state') };
    const terminal = Terminal.start({ command: process.execPath, args, env });
    try {
      await terminal.shows('1 of 1 healthy');
      terminal.press('enter');
      await terminal.shows(/Log · .*s1\.log/);
      await terminal.shows('server s1 serving');
    } finally {
      await terminal.close();
    }
  } finally {
    await up.stop();
  }
});

test('clients are counted on the server on which they are', async () => {
  const primary = await primaryNow();
  const people = ['ana', 'bo'].map(
    (user) => new DualpingSession({ routers: [cluster.routerAddress], credentials: cluster.user, user }),
  );
  for (const person of people) person.posts$.subscribe();
  try {
    await inTop(async (terminal) => {
      await terminal.eventually((seen) => / 2 +\d+ +>/.test(rowOf(seen, `s${primary}`)), 'two are on it');
    });
  } finally {
    for (const person of people) person.close();
  }
});

test('it fits any window, and a window that is too small is named as such', async () => {
  await inTop(async (terminal) => {
    await terminal.shows('3 of 3 healthy');
    terminal.resize(120, 36);
    await terminal.shows(/POSTS\/S +ADDRESS/);
    await terminal.eventually((seen) => seen.row(35).includes('q quit'), 'the keys are in the last row');
    terminal.resize(59, 10);
    await terminal.shows('the cluster view needs 60x16 cells');
    terminal.resize(60, 16);
    await terminal.eventually((seen) => seen.row(15).includes('q quit'), 'the keys are in the last row');
    assert.match(rowOf(terminal, 's1'), /● up/);
  });
});

test('events are paused and searched, help is shown, and a cluster that it did not start gets no actions', async () => {
  const primary = await primaryNow();
  await inTop(async (terminal) => {
    await terminal.shows('3 of 3 servers are live');
    await terminal.shows('3 of 3 healthy');
    terminal.press('p');
    await terminal.shows('‖ paused');
    await cluster.server(primary).kill();
    await terminal.shows(/paused, \d+ newer/);
    assert.doesNotMatch(terminal.screen(), /dropped/);
    terminal.press('p');
    await terminal.shows(`s${primary} dropped`);
    terminal.type('/promoted');
    await terminal.shows(/with “promoted”: 1/);
    await terminal.hides('servers are live');
    terminal.press('enter');
    terminal.press('escape');
    await terminal.shows('servers are live');
    terminal.press('?');
    await terminal.shows(' Keys');
    assert.doesNotMatch(terminal.screen(), /freeze the selected/);
    terminal.press('page-down');
    await terminal.shows('What it shows');
    terminal.press('escape');
    await terminal.shows('Takeovers  1 run');
    terminal.type('xXXKzzr');
    const standing = cluster.serverIds.filter((id) => id !== primary);
    terminal.press('j');
    await terminal.eventually((seen) => seen.row(3).startsWith(' ▸'), 'the keys have been read');
    assert.ok(standing.every((id) => !cluster.server(id).ended));
  });
  await whole();
});

test('a router that is gone is shown, and the rest is marked as old', async () => {
  await inTop(async (terminal) => {
    await terminal.shows('3 of 3 healthy');
    await cluster.router.kill();
    await terminal.shows(/no router answers for \d+ s · this is as of \d\d:\d\d:\d\d/);
    await terminal.shows('! no router answers: what is shown is from before');
    await cluster.startRouter();
    await terminal.shows('3 of 3 healthy');
    await terminal.shows('● a router answers');
  });
  await whole();
});

test('quitting and signals give the terminal back', async () => {
  await inTop(async (terminal) => {
    await terminal.shows('3 of 3 healthy');
    assert.ok(terminal.alternate);
    terminal.press('q');
    assert.deepEqual(await terminal.exit, { code: 0, signal: 0 });
    await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
  });
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)
    await inTop(async (terminal) => {
      await terminal.shows('3 of 3 healthy');
      terminal.signal(signal);
      assert.equal((await terminal.exit).code, code);
      await terminal.eventually((seen) => seen.restored, 'the terminal is as it was');
    });
});

test('it names an address that is no router, and waits for a router that is not there yet', async () => {
  const args = (address: string): string[] => [LAUNCHER, 'top', '--routers', address];
  const server = cluster.server(1);
  const address = /listening: at (\S+),/.exec(await server.line(/listening: at /))?.[1] ?? '';
  const wrong = Terminal.start({ command: process.execPath, args: args(address) });
  try {
    const { code } = await wrong.exit;
    await wrong.eventually((seen) => seen.restored, 'the terminal is as it was');
    await wrong.shows(/server 1 of cluster 1 answers there/);
    await wrong.shows(/not-a-router/);
    assert.equal(code, 1);
  } finally {
    await wrong.close();
  }
  const nobody = Terminal.start({ command: process.execPath, args: args('127.0.0.1:1') });
  try {
    await nobody.shows('asking the router');
    await nobody.shows(/no router answers for \d+ s/);
    await nobody.shows(/! no router answers: router 127\.0\.0\.1:1: connect ECONNREFUSED/);
    nobody.press('ctrl-c');
    assert.equal((await nobody.exit).code, 0);
  } finally {
    await nobody.close();
  }
});

test('without a terminal it prints a table and ends', async () => {
  const primary = await primaryNow();
  const top = new DualpingProcess(['top', '--routers', cluster.routerAddress]);
  assert.equal((await top.outcome()).code, 0);
  const [head, ...rows] = top.lines;
  assert.match(head ?? '', /^CLUSTER +SERVER +ROLE +STATE/);
  assert.deepEqual(
    rows.map((row) => row.trim().split(/ +/).slice(0, 4).join(' ')),
    cluster.serverIds.map((id) => `1 s${id} ${id === primary ? 'primary' : 'standby'} up`),
  );
  const nobody = new DualpingProcess(['top', '--routers', '127.0.0.1:1']);
  assert.equal(await nobody.exited, 3);
  await nobody.line(/router-unreachable/);
});

test('with --json there is a line for each change until it is ended', async () => {
  const primary = await primaryNow();
  const top = new DualpingProcess(['top', '--json', '--routers', cluster.routerAddress]);
  const parsed = (): Record<string, unknown>[] =>
    top.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  await eventually('it begins with how it is', () => parsed().some(({ kind }) => kind === 'assignment'));
  await cluster.server(primary).kill();
  const takeover = await eventually('the takeover is told', () =>
    parsed().find(({ kind }) => kind === 'takeover'),
  );
  assert.equal(takeover.from, primary);
  assert.equal(takeover.fault, 'unknown');
  const promoted = parsed().filter(({ kind, what }) => kind === 'event' && what === 'promoted');
  assert.equal(promoted.length, 1);
  top.signal('SIGTERM');
  assert.equal(await top.exited, 143);
  await whole();
});
