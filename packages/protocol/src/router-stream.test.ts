import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import type { StreamEnd } from './bidi.js';
import { RouterStream } from './router-stream.js';

test('a router that accepts the connection and sends nothing is given up, so that it can be dialled again', async (t) => {
  const mute = createServer().listen(0, '127.0.0.1');
  t.after(() => mute.close());
  await once(mute, 'listening');
  const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const taken = once(mute, 'connection');

  const end = await new Promise<StreamEnd>((resolve) => {
    const listener = { onMessage: () => assert.fail('nothing was said'), onEnd: resolve };
    new RouterStream(address, { kind: 'leaving' }, listener);
  });
  const [socket] = await taken;
  socket.destroy();
  assert.equal(end.kind, 'broken');
  assert.match(
    String(end.kind === 'broken' && end.error?.detail),
    /^no connection to 127.0.0.1:\d+ within \d+ ms$/,
  );
});
