import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNAL_EXITS } from '@dualping/host';
import type { Io } from './io.js';
import { type Running, serveUntilSignal } from './long-running.js';

test('a signal takes effect during the start, however long that takes', async () => {
  const said: string[] = [];
  const io = { report: ({ event, text }) => said.push(`${event}: ${text}`) } as Partial<Io> as Io;
  const ended = serveUntilSignal('server s1', io, () => new Promise<Running>(() => {}));
  process.emit('SIGTERM');
  assert.equal(await ended, SIGNAL_EXITS.SIGTERM);
  assert.deepEqual(said, ['stopping: on SIGTERM, before it had started']);
});
