/** `router --migrate`: a network is moved from files to a real etcd and back, and exists in one place only. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { RouterClient } from '@dualping/client';
import type { Assignment } from '@dualping/core';
import { DualpingProcess } from './dualping-process.js';
import { EtcdCluster, NO_ETCD } from './etcd-cluster.js';
import { eventually } from './eventually.js';

const HOST = ['--host', '127.0.0.1'];

describe('a network is moved', { skip: NO_ETCD ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-move-'));
  const data = join(folder, 'router');
  const inFolder = ['--data', data];
  let etcd: EtcdCluster;
  let inStore: readonly string[] = [];
  let port = '0';
  let running: DualpingProcess[] = [];

  before(async () => {
    etcd = await EtcdCluster.start(1);
    inStore = ['--store', etcd.store];
  });
  afterEach(async () => {
    for (const each of running) await each.stop();
    running = [];
  });
  after(async () => {
    await etcd?.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (...args: readonly string[]): Promise<string> => {
    const started = new DualpingProcess(args);
    running.push(started);
    return await started.ready();
  };
  const startRouter = async (where: readonly string[]): Promise<string> => {
    const address = await start('router', '--insecure', ...HOST, '--port', port, ...where);
    port = address.split(':').at(-1) ?? '0';
    return address;
  };
  const move = async (migration: string, to = inFolder) => {
    return await new DualpingProcess(['router', '--migrate', migration, ...to, ...inStore]).outcome();
  };
  const refusalOf = async (...where: readonly string[]): Promise<string> => {
    const flags = ['--insecure', ...HOST, '--port', '0', ...where];
    const { code, text } = await new DualpingProcess(['router', ...flags]).outcome();
    assert.notEqual(code, 0);
    return text;
  };
  /** With the one server, which has to find the assignment that it knew before. */
  const whenServed = async (where: readonly string[]): Promise<Assignment> => {
    const router = await startRouter(where);
    await start(
      'server',
      '--insecure',
      ...HOST,
      '--id',
      '1',
      '--data',
      join(folder, 's1'),
      '--routers',
      router,
    );
    const client = new RouterClient({ routers: [router] });
    try {
      return await eventually('it serves', async () => {
        const assignment = await client.available({ cluster: 1 }).catch(() => undefined);
        return assignment?.available === true ? assignment : undefined;
      });
    } finally {
      client.close();
    }
  };

  test('without a network, or while its router runs, nothing is moved', async () => {
    assert.match((await move('to-store')).text, /data folder ".*" has no router's store/);
    assert.match((await move('to-folder')).text, /there is no network in store "etcd:/);
    assert.equal((await whenServed(inFolder)).epoch, 1);
    const { code, text } = await move('to-store');
    assert.equal(code, 2);
    assert.match(text, /data folder ".*" is in use by router \(pid \d+\)/);
  });

  test('an interrupted move leaves neither place valid, and can be continued', async () => {
    cpSync(data, join(folder, 'copy'), { recursive: true });
    // As after the mark of the folder and one record of the store.
    writeFileSync(join(data, 'moved.json'), `{"movedTo":"${etcd.store}"}\n`);
    etcd.put(
      'clusters/1',
      '{"cluster":1,"epoch":0,"revision":0,"inSync":[],"lastUncleanEpoch":0,"committed":0,"members":[]}',
    );
    assert.match(await refusalOf(...inFolder), /was moved: \{"movedTo":"etcd:.*--migrate to-folder/);
    assert.match(
      await refusalOf(...inStore),
      /records of clusters and no network: a move to it was interrupted/,
    );
    const { code, text } = await move('to-store');
    assert.equal(code, 0, text);
    assert.match(text, /^moved network \S+ from .* to etcd:.*, and read it again: clusters 1, paths 0$/m);
  });

  test('the network goes on in etcd, with the same members and higher epochs, and no longer in the folder', async () => {
    assert.match(await refusalOf(...inFolder), /was moved/);
    assert.equal((await whenServed(inStore)).epoch, 2);
    const { code, text } = await move('to-folder');
    assert.equal(code, 2);
    assert.match(text, /router 127\.0\.0\.1:\d+ leads: stop all routers first/);
  });

  test('moved back, it goes on only in the folder', async () => {
    const { code, text } = await move('to-folder');
    assert.equal(code, 0, text);
    assert.match(await refusalOf(...inStore), /was moved to data folder ".*": start that router/);
    assert.match((await move('to-folder', ['--data', join(folder, 'other')])).text, /was moved to .* before/);
    assert.equal((await whenServed(inFolder)).epoch, 3);
  });

  test('it is moved again over the earlier contents; an older copy of the folder is refused', async () => {
    const older = await move('to-store', ['--data', join(folder, 'copy')]);
    assert.equal(older.code, 2);
    assert.match(
      older.text,
      /data folder ".*copy" is older than the store: revision \d+ of cluster 1, and \d+/,
    );
    assert.equal((await move('to-store')).code, 0);
    assert.equal((await whenServed(inStore)).epoch, 4);
  });
});
