import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Address } from '@dualping/core';
import type { ServerChannel } from './server-connections.js';
import { WARM_WITHIN_MS, WarmConnection } from './warm-connection.js';

/** Connections by address, and timers that fire by hand. */
function surroundings() {
  const open: Address[] = [];
  const timers: { readonly ms: number; readonly act: () => void }[] = [];
  const dialled = new Set<Address>();
  const warm = new WarmConnection(() => {}, undefined, {
    connections: {
      isDialled: (address) => dialled.has(address),
      acquire: (address) => {
        open.push(address);
        return { release: () => open.splice(open.indexOf(address), 1) } as unknown as ServerChannel;
      },
    },
    random: () => 0.25,
    after: (ms, act) => {
      const timer = { ms, act };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  });
  return { warm, open, timers, dialled };
}

test('the first connection is opened at once, the next at a random moment, and the one before is kept until then', () => {
  const { warm, open, timers } = surroundings();
  warm.keepTo('s2');
  assert.deepEqual([open, timers], [['s2'], []]);
  warm.keepTo('s3');
  assert.deepEqual([open, timers.map(({ ms }) => ms)], [['s2'], [WARM_WITHIN_MS / 4]]);
  timers.shift()?.act();
  assert.deepEqual(open, ['s3']);
});

test('only the last successor is dialled', () => {
  const { warm, open, timers } = surroundings();
  warm.keepTo('s1');
  warm.keepTo('s2');
  warm.keepTo('s3');
  assert.equal(timers.length, 1);
  timers.shift()?.act();
  assert.deepEqual(open, ['s3']);
});

test('without a successor nothing is kept, and nothing is opened later', () => {
  const { warm, open, timers } = surroundings();
  warm.keepTo('s2');
  warm.keepTo('s3');
  warm.keepTo(undefined);
  assert.deepEqual([open, timers, warm.channel], [[], [], undefined]);
});

test('a connection that the program has already costs no handshake, and is held at once', () => {
  const { warm, open, dialled } = surroundings();
  dialled.add('s3');
  warm.keepTo('s2');
  warm.keepTo('s3');
  assert.deepEqual(open, ['s3']);
});
