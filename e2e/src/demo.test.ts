/**
 * `dualping demo --script`: one takeover after another, counted by the simulated people; and its errors for
 * wrong options.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { afterwards, folderFor } from './afterwards.js';
import { DualpingProcess, type Outcome } from './dualping-process.js';
import { NO_ETCD } from './etcd-cluster.js';

const TAKEOVERS = 50;
const USAGE = 2;
const ON_SIGINT = 130;
/** The line of a run when its people are logged in. */
const RUNNING = /join them: (.* client --routers \S+)$/;

interface DemoOutcome extends Outcome {
  /** The JSON line for programs. */
  readonly line: string | undefined;
}

/** @param folder used instead of the system's temporary folder */
function demo(context: TestContext, folder: string, ...args: readonly string[]): DualpingProcess {
  const html = join(folder, 'page.html');
  const process = new DualpingProcess(['demo', '--script', '--html', html, ...args], { TMPDIR: folder });
  afterwards(context, () => process.kill());
  return process;
}

async function outcomeOf(process: DualpingProcess): Promise<DemoOutcome> {
  return { ...(await process.outcome()), line: process.lines.find((line) => line.startsWith('{')) };
}

test(`${TAKEOVERS} takeovers by kill, freeze and cut: nothing is lost, repeated or out of order`, async (context) => {
  const folder = folderFor(context);
  const args = ['--takeovers', String(TAKEOVERS), '--faults', 'kill,freeze,cut'];
  const { code, text, line } = await outcomeOf(demo(context, folder, ...args));
  assert.equal(code, 0, text);
  const report = JSON.parse(line ?? '{}');
  const { good, asked, broughtAbout, lost, repeated, outOfOrder, failures, findings, problems } = report;
  assert.deepEqual(
    { good, asked, broughtAbout, lost, repeated, outOfOrder, failures, findings, problems },
    {
      good: true,
      asked: TAKEOVERS,
      broughtAbout: TAKEOVERS,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
      failures: 0,
      findings: [],
      problems: [],
    },
  );
  assert.equal(report.acknowledged, report.posted, 'every post was answered in the end');
  assert.equal(report.delivered, report.posted * (report.clients - 1), 'every post reached every follower');
  for (const fault of ['kill', 'freeze', 'cut'])
    assert.ok(
      report.takeovers.filter((takeover: { fault: string }) => takeover.fault === fault).length >= 16,
      fault,
    );
  for (const { parts, totalMs } of report.takeovers) {
    const sum = Object.values<number>(parts).reduce((total, ms) => total + ms, 0);
    assert.ok(Math.abs(sum - totalMs) < 0.5, `parts add up: ${JSON.stringify(parts)} is not ${totalMs}`);
  }
  assert.match(text, /0 lost, 0 repeated, 0 out of order/);
  const page = readFileSync(join(folder, 'page.html'), 'utf8');
  assert.doesNotMatch(page, /http|src=|href=|url\(|<script/i);
  assert.equal(
    page.match(/class="bar"/g)?.length,
    2 * report.takeovers.length,
    'for wide and narrow screens',
  );
  assert.deepEqual(readdirSync(folder), ['page.html'], 'the temporary folder is gone');
  for (const summary of report.summaries) context.diagnostic(JSON.stringify(summary));
});

test('a handover is a takeover too', async (context) => {
  const folder = folderFor(context);
  const args = ['--takeovers', '2', '--faults', 'handover', '--servers', '2', '--people', '4'];
  const { code, text, line } = await outcomeOf(demo(context, folder, ...args));
  assert.equal(code, 0, text);
  const { takeovers } = JSON.parse(line ?? '{}');
  assert.deepEqual(
    takeovers.map(({ fault }: { fault: string }) => fault),
    ['handover', 'handover'],
  );
});

test('the router is killed with the primary: another takes over, and nothing is lost', async (context) => {
  const folder = folderFor(context);
  const args = ['--takeovers', '1', '--faults', 'router', '--people', '4'];
  const { code, text, line } = await outcomeOf(demo(context, folder, ...args));
  assert.equal(code, 0, text);
  const { takeovers, lost } = JSON.parse(line ?? '{}');
  assert.equal(lost, 0);
  assert.equal(takeovers[0]?.fault, 'router');
});

test('of three routers the leading one is killed with the primary', { skip: NO_ETCD }, async (context) => {
  const folder = folderFor(context);
  const args = ['--routers', '3', '--takeovers', '1', '--faults', 'router', '--people', '4'];
  const { code, text, line } = await outcomeOf(demo(context, folder, ...args));
  assert.equal(code, 0, text);
  const { takeovers, lost } = JSON.parse(line ?? '{}');
  assert.equal(lost, 0);
  assert.equal(takeovers[0]?.fault, 'router');
});

test('as in the image, where it runs in its data folder and listens everywhere', async (context) => {
  const folder = folderFor(context);
  const process = new DualpingProcess(
    ['demo', '--script', '--takeovers', '1', '--faults', 'cut', '--people', '4'],
    { DUALPING_DATA: folder, DUALPING_HOST: '0.0.0.0', DUALPING_PORT: '0' },
    ['env', '-C', folder],
  );
  afterwards(context, () => process.kill());
  const { code, text } = await outcomeOf(process);
  assert.equal(code, 0, text);
  assert.match(
    text,
    /join them: node \S+dualping\.js client --routers (?!0\.0\.0\.0)\d+\.\d+\.\d+\.\d+:\d+$/m,
  );
  assert.ok(
    existsSync(join(folder, 'dualping-demo.html')),
    'the report is written where nothing says otherwise',
  );
});

test('Ctrl-C ends all of it; a folder that was asked for is kept, is in use meanwhile and not used again', async (context) => {
  const folder = folderFor(context);
  const data = join(folder, 'kept');
  const first = demo(context, folder, '--data', data);
  await first.line(RUNNING);
  const second = await outcomeOf(demo(context, folder, '--data', data));
  assert.equal(second.code, USAGE, second.text);
  assert.match(second.text, new RegExp(`"${data}" is in use by dualping demo \\(pid ${first.pid}\\)`));
  first.signal('SIGINT');
  assert.equal(await first.exited, ON_SIGINT);
  assert.ok(existsSync(join(data, 's1')) && existsSync(join(data, 'operator.log')));
  const third = await outcomeOf(demo(context, folder, '--data', data));
  assert.equal(third.code, USAGE, third.text);
  assert.match(third.text, /is not empty/);
});

test('wrong input is quoted', async (context) => {
  const folder = folderFor(context);
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  afterwards(context, () => taken.close());
  const bound = taken.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const cases: readonly (readonly [args: readonly string[], said: RegExp])[] = [
    [['--takeovers', '0'], /--takeovers is "0": give a whole number from 1/],
    [
      ['--faults', 'kill,melt'],
      /--faults is "kill,melt": "melt" is no fault: give some of kill, freeze, cut/,
    ],
    [['--faults', ''], /--faults is ""/],
    [['--servers', '1'], /--servers is "1": with one server there is no standby/],
    [['--people', '1'], /--people is "1"/],
    [['--port', String(port)], new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`)],
    [['--dead-after-ms', '100'], /--dead-after-ms is "100"/],
    [['--html', join(folder, 'no', 'such', 'page.html')], /--html is ".*page\.html": .*ENOENT/],
  ];
  for (const [args, said] of cases) {
    const { code, text } = await outcomeOf(demo(context, folder, ...args));
    assert.equal(code, USAGE, `${args.join(' ')}: ${text}`);
    assert.match(text, said, args.join(' '));
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('dualping-demo-')),
    [],
    'no temporary folder is left',
  );
});

test('without a terminal, and without --script, it prints what to do', async (context) => {
  const process = new DualpingProcess(['demo'], { TMPDIR: folderFor(context) });
  const { code, text } = await outcomeOf(process);
  assert.equal(code, USAGE, text);
  assert.match(text, /no terminal.*--script/);
});
