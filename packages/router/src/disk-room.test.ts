import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperatorEvent } from '@dualping/host';
import { watchDiskRoom } from './disk-room.js';
import { routerSamples } from './router-metrics.js';
import { Watchers } from './watchers.js';

test('a disk that is low is told in lines, to watchers beside other troubles, and in metrics', async () => {
  const watchers = new Watchers('a-network', [], () => []);
  const said: OperatorEvent[] = [];
  let freeBytes = 40;
  const options = { dataFolder: '/data', minDiskFree: 5 };
  const look = async () => ({ freeBytes, sizeBytes: 1_000 });
  const room = watchDiskRoom(options, (event) => said.push(event), watchers, look);
  room.stop();
  await room.look(); // while the first look of `start` is under way it is that one
  await new Promise(setImmediate);
  assert.equal(watchers.trouble, '4.0 % of its disk are free: 40 bytes of 1 kB');
  watchers.troubled('it hears nobody');
  assert.equal(watchers.trouble, 'it hears nobody; 4.0 % of its disk are free: 40 bytes of 1 kB');
  const view = { assignments: [], stats: [], watchers: 0, trouble: undefined, events: new Map() };
  const low = routerSamples({ ...view, disk: room.stats }).filter(({ name }) => name.includes('_disk_'));
  assert.deepEqual(
    low.map(({ name, value }) => [name, value]),
    [
      ['dualping_router_disk_free_bytes', 40],
      ['dualping_router_disk_size_bytes', 1_000],
      ['dualping_router_disk_low', 1],
    ],
  );
  freeBytes = 60;
  await room.look();
  assert.equal(watchers.trouble, 'it hears nobody');
  assert.deepEqual(
    said.map(({ part, event }) => `${part} ${event}`),
    ['router disk-low', 'router disk-has-room'],
  );
});
