/** The proxy and the links, on real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DualpingError } from '@dualping/core';
import { parseAddress } from '@dualping/protocol';
import { type Party, ProxiedLinks } from './proxied-links.js';
import { TcpProxy } from './tcp-proxy.js';

const DEADLINE_MS = 10_000;
const POLL_MS = 5;
/** If data has not arrived while other bytes made this many round trips, it is held. */
const ROUND_TRIPS = 20;

async function eventually(what: string, look: () => boolean): Promise<void> {
  const until = performance.now() + DEADLINE_MS;
  while (!look()) {
    assert.ok(performance.now() < until, `not within ${DEADLINE_MS} ms: ${what}`);
    await delay(POLL_MS);
  }
}

/** One end of a connection, and what it has seen. */
class End {
  text = '';
  ended = false;
  closed = false;
  constructor(readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => {});
  }
}

interface Far {
  readonly address: string;
  readonly accepted: End[];
  readonly server: Server;
}

async function far(context: TestContext): Promise<Far> {
  const accepted: End[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(new End(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    for (const { socket } of accepted) socket.destroy();
    server.close();
  });
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return { address: `127.0.0.1:${bound.port}`, accepted, server };
}

async function dial(context: TestContext, address: string): Promise<End> {
  const end = new End(connect({ ...parseAddress(address), allowHalfOpen: true }));
  context.after(() => end.socket.destroy());
  await once(end.socket, 'connect');
  return end;
}

const NO_PIDS = (): ReadonlyMap<number, Party> => new Map();

async function proxied(context: TestContext, pids = NO_PIDS) {
  const links = new ProxiedLinks('127.0.0.1', pids);
  context.after(() => links.close());
  const server = await far(context);
  const address = await links.lay('s1');
  links.moved('s1', server.address);
  return { links, server, address };
}

/** Waits for `ROUND_TRIPS` round trips over a cable that is not cut. */
async function aWhile(context: TestContext): Promise<void> {
  const server = await far(context);
  const links = new ProxiedLinks('127.0.0.1', NO_PIDS);
  links.moved('observer', server.address);
  const near = await dial(context, await links.lay('observer'));
  for (let trip = 1; trip <= ROUND_TRIPS; trip += 1) {
    near.socket.write('.');
    await eventually('it arrives', () => server.accepted[0]?.text.length === trip);
    server.accepted[0]?.socket.write('.');
    await eventually('it comes back', () => near.text.length === trip);
  }
  await links.close();
}

/** A connection over which both ends have sent data. */
async function conversation(context: TestContext, { server, address }: { server: Far; address: string }) {
  const before = server.accepted.length;
  const near = await dial(context, address);
  near.socket.write('hello');
  await eventually('the far end hears', () => server.accepted[before]?.text === 'hello');
  const other = server.accepted[before];
  assert.ok(other !== undefined);
  other.socket.write('welcome');
  await eventually('the near end hears', () => near.text === 'welcome');
  return { near, other };
}

test('bytes and ends pass, in both directions', async (context) => {
  const setup = await proxied(context);
  const { near, other } = await conversation(context, setup);
  near.socket.end(' and goodbye');
  await eventually('the far end hears the end', () => other.ended);
  assert.equal(other.text, 'hello and goodbye');
  assert.ok(!near.ended, 'the other direction goes on');
  other.socket.end('!');
  await eventually('the near end hears the end', () => near.ended);
  assert.equal(near.text, 'welcome!');
});

test('many bytes to a slow reader all arrive, and are not gathered in memory', async (context) => {
  const { server, address } = await proxied(context);
  const near = await dial(context, address);
  const size = 8 * 1024 * 1024;
  near.socket.end(Buffer.alloc(size, 'x'));
  await eventually('it is accepted', () => server.accepted.length === 1);
  const [other] = server.accepted;
  other?.socket.pause();
  await aWhile(context);
  other?.socket.resume();
  await eventually('all arrives', () => other?.ended === true);
  assert.equal(other?.text.length, size);
});

test('a cut holds all bytes back, closes no connection, and delivers them when it is healed', async (context) => {
  const setup = await proxied(context);
  const { near, other } = await conversation(context, setup);
  await setup.links.cut('s1', ['people']);
  near.socket.write(' are you there?');
  other.socket.write(' hm?');
  await aWhile(context);
  assert.deepEqual([near.text, other.text], ['welcome', 'hello']);
  assert.ok(!near.closed && !other.closed);
  await setup.links.heal('s1', ['people']);
  await eventually('it arrives', () => near.text === 'welcome hm?' && other.text === 'hello are you there?');
});

test('a connection made during a cut is neither refused nor served until it is healed', async (context) => {
  const { links, server, address } = await proxied(context);
  await links.cut('s1', ['people']);
  const near = await dial(context, address);
  near.socket.write('hello?');
  await aWhile(context);
  assert.equal(server.accepted.length, 0);
  assert.ok(!near.closed);
  await links.heal('s1', ['people']);
  await eventually('it is heard', () => server.accepted[0]?.text === 'hello?');
});

test('the death of one end during a cut is noticed by the other when it is healed', async (context) => {
  const setup = await proxied(context);
  const { near, other } = await conversation(context, setup);
  await setup.links.cut('s1', ['people']);
  other.socket.resetAndDestroy();
  await aWhile(context);
  assert.ok(!near.ended && !near.closed);
  await setup.links.heal('s1', ['people']);
  await eventually('the near end notices', () => near.closed || near.ended);
});

test('both sides notice a severed connection at once, and new ones can be dialled', async (context) => {
  const setup = await proxied(context);
  const { near, other } = await conversation(context, setup);
  await setup.links.sever('s1');
  await eventually('both notice', () => (near.closed || near.ended) && (other.closed || other.ended));
  await conversation(context, setup);
});

test('a connection to a party that is away is closed, and a party that has moved is found', async (context) => {
  const { links, server, address } = await proxied(context);
  server.server.close();
  await once(server.server, 'close');
  for (const place of [server.address, undefined]) {
    links.moved('s1', place);
    const near = await dial(context, address);
    await eventually('it is refused', () => near.closed || near.ended);
  }
  const elsewhere = await far(context);
  links.moved('s1', elsewhere.address);
  await conversation(context, { server: elsewhere, address });
});

test('a cut between two leaves the others alone', async (context) => {
  const links = new ProxiedLinks('127.0.0.1', NO_PIDS);
  context.after(() => links.close());
  const server = await far(context);
  links.moved('router', server.address);
  const forPeople = await links.lay('router', 'people');
  const forS1 = await links.lay('router', 's1');
  const people = await conversation(context, { server, address: forPeople });
  const s1 = await conversation(context, { server, address: forS1 });
  await links.cut('s1', ['router']);
  people.near.socket.write(' still');
  s1.near.socket.write(' not');
  await eventually('people are heard', () => people.other.text === 'hello still');
  await aWhile(context);
  assert.equal(s1.other.text, 'hello');
  await links.heal('s1', ['router']);
  await eventually('s1 is heard', () => s1.other.text === 'hello not');
});

test('at a shared address the dialling process is found out', {
  skip: process.platform === 'linux' ? false : 'only Linux tells whose socket it is',
}, async (context) => {
  // All sockets of this test belong to this process, which has the role of server s2.
  const setup = await proxied(context, () => new Map<number, Party>([[process.pid, 's2']]));
  const { near, other } = await conversation(context, setup);
  await setup.links.cut('s1', ['people']);
  near.socket.write(' I am s2');
  await eventually('s2 is heard', () => other.text === 'hello I am s2');
  await setup.links.cut('s1', ['s2']);
  near.socket.write(' and cut off');
  const late = await dial(context, setup.address);
  late.socket.write('me too');
  await aWhile(context);
  assert.equal(other.text, 'hello I am s2');
  assert.equal(setup.server.accepted.length, 1);
  await setup.links.heal('s1', ['s2']);
  await eventually('both are heard', () => other.text.endsWith('off') && setup.server.accepted.length === 2);
});

test('a port that is taken is quoted', async (context) => {
  const { address } = await far(context);
  const { host, port } = parseAddress(address);
  await assert.rejects(
    TcpProxy.listen({ host, port, onConnection: () => {} }),
    (error) => error instanceof DualpingError && error.detail.includes(address),
  );
});
