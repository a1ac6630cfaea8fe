/**
 * A slow reader gets all output of a command; a reader that stops reading ends the command.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { DualpingSession } from '@dualping/client';
import { deviceOf } from './device.js';
import { LAUNCHER, OWN_STATE } from './dualping-process.js';
import { DEADLINE_MS, eventually } from './eventually.js';
import { TestCluster } from './test-cluster.js';

/** More than a pipe holds. */
const PIPE_BYTES = 64 * 1024;
const POSTS = 200;
const LONG = 'x'.repeat(900);

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const ended = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));

describe('output', () => {
  let cluster: TestCluster;
  const started: ChildProcess[] = [];
  const run = (
    ...args: string[]
  ): ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> } => {
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...OWN_STATE },
    });
    started.push(child);
    return child;
  };
  const asMira = (): string[] => ['--user', 'mira', '--routers', cluster.routerAddress];

  before(async () => {
    cluster = await TestCluster.start({ servers: 1 });
    const mira = new DualpingSession({
      routers: [cluster.routerAddress],
      credentials: cluster.user,
      user: 'mira',
      ...deviceOf(cluster.user, 'mira'),
    });
    for (let at = 0; at < POSTS; at += 1) await mira.post(`${at} ${LONG}`);
    mira.close();
  });
  after(async () => {
    for (const child of started) child.kill('SIGKILL');
    await cluster.destroy();
  });

  test('output that is larger than a pipe is read to its end, also by a reader that waits first', async () => {
    const child = run('timeline', ...asMira(), '--limit', String(POSTS), '--json');
    const end = ended(child);
    // The unread pipe is full: the rest of the output waits in the command.
    await eventually(
      'this end has taken all that it takes',
      () => child.stdout.readableLength >= child.stdout.readableHighWaterMark,
    );
    assert.equal(child.exitCode, null, 'it has more to say');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.stdout.resume();
    assert.deepEqual(await end, { code: 0, signal: null });
    await new Promise((resolve) =>
      child.stdout.readableEnded ? resolve(0) : child.stdout.once('end', resolve),
    );
    const lines = text.trimEnd().split('\n');
    assert.ok(text.length > 2 * PIPE_BYTES, `${text.length} bytes`);
    assert.equal(lines.length, POSTS);
    assert.equal(JSON.parse(lines.at(-1) ?? '').text, `${POSTS - 1} ${LONG}`);
  });

  for (const args of [['--help'], ['timeline', '--limit', String(POSTS)], ['list']])
    test(`${args.join(' ')}: a reader that has gone ends it as SIGPIPE does`, async () => {
      const child = run(...args, ...(args[0] === '--help' ? [] : asMira()));
      child.stdout.destroy();
      assert.deepEqual(await ended(child), { code: null, signal: 'SIGPIPE' });
    });

  test('a continuing command ends when its reader goes away', async () => {
    const child = run('timeline', ...asMira(), '--follow', '--limit', String(POSTS));
    const end = ended(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    assert.deepEqual(await end, { code: null, signal: 'SIGPIPE' });
  });

  test('a signal ends a command whose output is not read', { timeout: DEADLINE_MS }, async () => {
    for (const [signal, follow] of [
      ['SIGTERM', []],
      ['SIGINT', ['--follow']],
    ] as const) {
      const child = run('timeline', ...asMira(), '--limit', String(POSTS), ...follow);
      const end = ended(child);
      await new Promise((resolve) => child.stdout.once('readable', resolve));
      child.kill(signal);
      const { code, signal: by } = await end;
      assert.ok(by === signal || code === { SIGTERM: 143, SIGINT: 130 }[signal], `${code} ${by}`);
    }
  });

  test('a full disk is reported, with an exit code of its own', async () => {
    const child = spawn(process.execPath, [LAUNCHER, '--help'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (part) => {
      said += String(part);
    });
    assert.deepEqual(await ended(child), { code: 74, signal: null });
    assert.match(said, /^dualping: the output cannot be written: ENOSPC/);
  });
});
