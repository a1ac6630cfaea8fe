import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { DualpingError } from '@dualping/core';
import { writePlaces } from '../cluster/places.js';
import { logsIn } from './process-logs.js';

const ROUTER = '127.0.0.1:7070';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualping-logs-'));
  mkdirSync(join(folder, 'logs', 'c2'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string): void =>
  writeFileSync(join(folder, 'logs', `${name}.log`), text);
const ran = (addresses: Readonly<Record<string, string>>): void =>
  writePlaces(folder, { ports: {}, addresses });
const refusal = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    if (error instanceof DualpingError) return error.detail;
    throw error;
  }
  return 'none';
};

test('the last lines of local processes are shown, complete ones only', async () => {
  ran({ router: ROUTER, 'c2/s1': '127.0.0.1:9001' });
  written('c2/s1', `${'x'.repeat(100_000)}\none\ntwo\nhalf a li`);
  for (const routers of [[ROUTER], ['10.0.0.1:1', 'localhost:7070']]) {
    const log = await logsIn(folder, routers, false)?.('c2/s1', '127.0.0.1:9001');
    assert.deepEqual(log, { path: join(folder, 'logs', 'c2/s1.log'), lines: ['one', 'two'] });
  }
});

test('of many lines the newest are shown', async () => {
  ran({ router: ROUTER });
  written('router', Array.from({ length: 1_000 }, (_, at) => `line ${at}\n`).join(''));
  const log = await logsIn(folder, [ROUTER], true)?.('router', undefined);
  assert.equal(log?.lines.length, 300);
  assert.equal(log?.lines.at(-1), 'line 999');
});

test('the log of another server with the same name is not shown', async () => {
  ran({ router: ROUTER, s1: '127.0.0.1:9001' });
  written('s1', 'mine\n');
  const logOf = logsIn(folder, [ROUTER], false);
  assert.match(
    await refusal(() => logOf?.('s1', '10.0.0.7:9001')),
    /s1 of .* is at 127\.0\.0\.1:9001.*10\.0\.0\.7/,
  );
  assert.match(await refusal(() => logOf?.('s4', '127.0.0.1:9004')), /knows of no s4/);
  rmSync(join(folder, 'logs', 's1.log'));
  assert.match(await refusal(() => logOf?.('s1', '127.0.0.1:9001')), /s1\.log" cannot be read: ENOENT/);
});

test('a folder of another network is ignored, and refused if it was named', async () => {
  assert.equal(logsIn(join(folder, 'none'), [ROUTER], false), undefined);
  assert.match(await refusal(() => logsIn(join(folder, 'none'), [ROUTER], true)), /no folder ".*none"/);
  assert.match(await refusal(() => logsIn(folder, [ROUTER], true)), /is not one of `up`, nor of a server/);
  ran({ router: '127.0.0.1:7071' });
  assert.equal(logsIn(folder, [ROUTER], false), undefined);
  assert.match(
    await refusal(() => logsIn(folder, [ROUTER], true)),
    /of the network at 127\.0\.0\.1:7071, not of 127\.0\.0\.1:7070/,
  );
});

test("the folder of one server has that server's log", async () => {
  written('server', 'listening\n');
  writeFileSync(join(folder, 'identity.json'), JSON.stringify({ serverId: 3, cluster: 1 }));
  const logOf = logsIn(folder, [ROUTER], true);
  assert.deepEqual((await logOf?.('s3', '10.0.0.7:1'))?.lines, ['listening']);
  assert.match(await refusal(() => logOf?.('s2', '10.0.0.7:1')), /is the folder of s3, not of s2/);
});
