import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_TIMING, serverId } from '@dualping/core';
import { dialRouting } from '@dualping/protocol';
import { startRouter } from '@dualping/router';
import { reportCrash } from './crash-report.js';

/** Nothing listens at the discard port. */
const NOBODY = '127.0.0.1:9';

test('a reachable router drops the reported life, and no other', async (context) => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'dualping-crash-'));
  const router = await startRouter({
    host: '127.0.0.1',
    port: 0,
    dataFolder,
    clusters: 1,
    timing: DEFAULT_TIMING,
    report: () => {},
  });
  const client = dialRouting(router.address);
  context.after(async () => {
    client.close();
    await router.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  });
  const watched = {
    cluster: 1,
    serverId: 1,
    incarnation: 4,
    journalId: '',
    networkId: '',
    address: NOBODY,
    service: '',
  };
  await new Promise<void>((resolve, reject) => {
    client.registerServer(watched, (error) => (error === null ? resolve() : reject(error)));
  });
  const crashed = { cluster: 1, serverId: serverId(1), incarnation: 4, detail: 'exit 1' };
  const routers = [NOBODY, router.address];
  assert.equal(await reportCrash(routers, { ...crashed, incarnation: 3 }), false, 'an older life');
  assert.equal(await reportCrash(routers, { ...crashed, serverId: serverId(2) }), false, 'nobody');
  assert.equal(await reportCrash(routers, crashed), true);
  assert.equal(await reportCrash(routers, crashed), false, 'told twice');
  await assert.rejects(reportCrash([NOBODY], crashed), /UNAVAILABLE/);
});
