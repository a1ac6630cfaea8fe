import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import type { RegistryLink } from '@dualping/core';
import { TRIPWIRE_ARMED, TRIPWIRE_OFF, TRIPWIRE_TAKEN, tripwireGreeting } from '@dualping/protocol';
import { Tripwires } from './tripwires.js';

/** Streams, and what follows when the tripwire of one breaks. */
const open = new Map<RegistryLink, () => void>();
let lastLink = 0;
let server: Server;
let tripwires: Tripwires;
let proved = 0;

before(async () => {
  tripwires = new Tripwires({
    isOpen: (link) => open.has(link),
    broken: (link) => open.get(link)?.(),
  });
  server = createServer((socket) => tripwires.accept(socket, () => (proved += 1))).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => server.close());

function stream(broken: () => void): { link: RegistryLink; ticket: Buffer } {
  lastLink += 1;
  open.set(lastLink, broken);
  return { link: lastLink, ticket: tripwires.ticketOf(lastLink) };
}

function dial(): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {}); // a connection that is closed by the other side may be reset
  return socket;
}

/** Resolves when the router has closed it. */
async function isClosed(socket: Socket): Promise<void> {
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
}

const taken = async (socket: Socket): Promise<void> =>
  assert.deepEqual((await once(socket, 'data'))[0], TRIPWIRE_TAKEN);

async function known(ticket: Buffer): Promise<Socket> {
  const socket = dial();
  socket.write(tripwireGreeting(ticket));
  await taken(socket);
  return socket;
}

async function armed(ticket: Buffer): Promise<Socket> {
  const socket = await known(ticket);
  socket.write(TRIPWIRE_ARMED);
  await taken(socket);
  return socket;
}

test('an armed tripwire that breaks is told once, and a second one of its stream is closed', async () => {
  let told = 0;
  let tell = () => {};
  const broken = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const { link, ticket } = stream(() => {
    told += 1;
    tell();
  });
  const before = proved;
  const socket = await armed(ticket);
  assert.equal(proved, before + 1);
  const second = dial();
  second.write(tripwireGreeting(ticket));
  await isClosed(second);
  assert.equal(told, 0);
  socket.destroy();
  await broken;
  tripwires.end(link);
  assert.equal(told, 1);
});

test('a tripwire that was not armed says nothing when it breaks', async () => {
  const first = stream(() => assert.fail('it was not armed'));
  (await known(first.ticket)).destroy();
  // The router has seen that by the time at which it has seen a later one of the same kind.
  await new Promise<void>((resolve) => {
    const { ticket } = stream(resolve);
    known(ticket).then((socket) => socket.end(TRIPWIRE_ARMED), assert.fail);
  });
});

test('when its stream is over, the connection is closed and the ticket void', async () => {
  const { link, ticket } = stream(() => assert.fail('its stream is over'));
  const socket = await armed(ticket);
  open.delete(link);
  tripwires.end(link);
  await isClosed(socket);
  const late = dial();
  late.write(tripwireGreeting(ticket));
  await isClosed(late);
});

test('a wrong ticket, and more than a ticket, close the connection; a ticket may come in pieces', async () => {
  const { ticket } = stream(() => assert.fail('nothing was armed'));
  const guessed = dial();
  const guess = Buffer.from(ticket);
  guess[guess.length - 1] = (guess.at(-1) ?? 0) ^ 1;
  guessed.write(tripwireGreeting(guess));
  await isClosed(guessed);
  const ofNobody = dial();
  ofNobody.write(tripwireGreeting(tripwires.ticketOf(lastLink + 1)));
  await isClosed(ofNobody);
  const tooLong = dial();
  tooLong.write(Buffer.concat([tripwireGreeting(stream(assert.fail).ticket), Buffer.from('xyz')]));
  await isClosed(tooLong);

  const piecewise = dial().setNoDelay(true);
  for (const byte of tripwireGreeting(ticket)) {
    piecewise.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await taken(piecewise);
  piecewise.destroy();
});

test('off says that what comes next is no accident, whether at once or later', async () => {
  const later = stream(() => assert.fail('it was off'));
  const socket = await armed(later.ticket);
  socket.write(TRIPWIRE_OFF);
  await isClosed(socket);
  const atOnce = stream(() => assert.fail('it was off'));
  const other = await known(atOnce.ticket);
  other.write(Buffer.concat([TRIPWIRE_ARMED, TRIPWIRE_OFF]));
  await isClosed(other);
});
