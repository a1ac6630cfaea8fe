import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Position } from '@dualping/core';
import { type AcceptorEnd, type Acceptors, Network } from './network.js';
import { Random } from './random.js';
import type { Host } from './stream.js';
import { Trace } from './trace.js';
import { World } from './world.js';

class Listener implements Host {
  readonly heard: string[] = [];
  running = true;
  awake = true;
  end: AcceptorEnd<'timeline'> | undefined;
  readonly acceptors: Acceptors = {
    timeline: (end) => {
      this.end = end;
      end.onMessage = (message) => {
        this.heard.push(message.kind === 'older' ? `${message.before}` : message.kind);
      };
      end.onEnd = ({ kind }) => this.heard.push(kind);
      end.onDrain = () => this.heard.push('drained');
    },
  };
  constructor(readonly name: string) {}
  receive(work: () => void): void {
    if (this.running) work();
  }
}

const OPEN = {
  kind: 'open',
  user: 'u',
  epoch: 0,
  resumeAfter: 0,
  history: 0,
  posts: true,
  signs: false,
} as const;

function stage(seed = 'net') {
  const world = new World(new Trace());
  const network = new Network(world, new Random(seed), {
    leastMs: 0.1,
    meanMs: 5,
    hiccupChance: 0.05,
    hiccupMs: 50,
  });
  const [client, server] = [new Listener('client'), new Listener('server')];
  network.enter(client);
  network.enter(server);
  const dial = () => {
    const end = network.dial(client, 'server', 'timeline', OPEN as never);
    end.onMessage = (message) => client.heard.push(message.kind);
    end.onEnd = (how) => client.heard.push(how.kind);
    return end;
  };
  const pass = (ms: number): void => {
    const until = world.now + ms;
    while (world.step(until));
  };
  const older = (before: number) => ({ kind: 'older', before: before as Position, limit: 1 }) as const;
  return { world, network, client, server, dial, pass, older };
}

test('messages to a black hole vanish and are not refused; one host may have two addresses', () => {
  const { client, server, network, pass } = stage();
  network.blackHole('hole');
  network.enter(server, 'alias');
  const end = network.dial(client, 'hole', 'timeline', OPEN as never);
  end.onEnd = (how) => client.heard.push(how.kind);
  network.dial(client, 'alias', 'timeline', OPEN as never);
  pass(100_000);
  assert.deepEqual([client.heard, end.over, server.heard], [[], false, ['open']]);
});

test('a stream keeps its order, whatever each message takes; its end comes last', () => {
  const { client, server, dial, pass, older } = stage();
  const end = dial();
  for (let at = 1; at <= 40; at += 1) end.send(older(at));
  end.close();
  pass(10_000);
  const numbers = Array.from({ length: 40 }, (_, at) => `${at + 1}`);
  assert.deepEqual(server.heard, ['open', ...numbers, 'ended']);
  assert.deepEqual(client.heard, []);
});

test('a stream to an address where nothing listens, or nothing ever did, breaks', () => {
  const { client, server, network, dial, pass } = stage();
  server.running = false;
  dial();
  network.dial(client, 'nowhere', 'timeline', OPEN as never).onEnd = ({ kind }) =>
    client.heard.push(`nowhere ${kind}`);
  pass(1_000);
  assert.deepEqual(client.heard.sort(), ['broken', 'nowhere broken']);
});

test('a cut holds messages back, in one direction or both, until it heals', () => {
  const { client, server, network, dial, pass, older } = stage();
  const end = dial();
  pass(500);
  network.cut('client', 'server', false);
  end.send(older(1));
  server.end?.send({ kind: 'posts', posts: [] });
  pass(5_000);
  assert.deepEqual([server.heard, client.heard], [['open'], ['posts']]);
  network.heal('client', 'server');
  pass(1_000);
  assert.deepEqual(server.heard, ['open', '1']);
});

test('a cut that kills connections is found out by both ends, soon after it has healed', () => {
  const { client, server, network, dial, pass, older } = stage();
  const end = dial();
  pass(500);
  network.cut('client', 'server', true);
  end.send(older(1));
  pass(500);
  assert.deepEqual([server.heard, client.heard], [['open'], []]);
  network.heal('client', 'server');
  pass(2_000);
  assert.deepEqual([server.heard, client.heard], [['open', 'broken'], ['broken']]);
});

test('cuts of the same link add up', () => {
  const { server, network, dial, pass } = stage();
  network.cut('client', 'server', false);
  network.cut('client', 'server', false);
  dial();
  network.heal('client', 'server');
  pass(1_000);
  assert.deepEqual(server.heard, []);
  network.heal('client', 'server');
  pass(1_000);
  assert.deepEqual(server.heard, ['open']);
});

test('a process that is killed is missed at once, one without power only by the patience of keepalive', () => {
  const { client, server, network, dial, pass } = stage();
  dial();
  pass(500);
  server.running = false;
  network.gone('server', false);
  pass(1_000);
  assert.deepEqual(client.heard, ['broken']);

  server.running = true;
  dial();
  pass(500);
  server.running = false;
  network.gone('server', true);
  pass(9_000);
  assert.deepEqual(client.heard, ['broken']);
  pass(7_000);
  assert.deepEqual(client.heard, ['broken', 'broken']);
});

test('a frozen process reads all messages when it thaws', () => {
  const { server, network, dial, pass, older } = stage();
  const end = dial();
  pass(500);
  server.awake = false;
  end.send(older(1));
  end.close();
  pass(5_000);
  assert.deepEqual(server.heard, ['open']);
  server.awake = true;
  network.woke('server');
  pass(1_000);
  assert.deepEqual(server.heard, ['open', '1', 'ended']);
});

test('a reader that does not read is felt by the writer, and its reading on too', () => {
  const { client, server, dial, pass } = stage();
  const end = dial();
  pass(500);
  end.pause();
  let room = 0;
  while (server.end?.send({ kind: 'posts', posts: [] }) === true && room < 1_000) room += 1;
  assert.ok(room > 1 && room < 100, `${room}`);
  pass(5_000);
  assert.deepEqual([client.heard, server.heard], [[], ['open']]);
  end.resume();
  pass(1_000);
  assert.equal(client.heard.length, room + 1);
  assert.deepEqual(server.heard, ['open', 'drained']);
});

test('a process that takes over an address gets later connections, until it leaves', () => {
  const { client, server, network, dial, pass, older } = stage();
  const stranger = new Listener('stranger');
  network.enter(stranger);
  const first = dial();
  pass(500);
  const leave = network.misroute('server', 'stranger');
  dial();
  first.send(older(1));
  pass(500);
  leave();
  dial();
  pass(500);
  assert.deepEqual([server.heard, stranger.heard, client.heard], [['open', '1', 'open'], ['open'], []]);
});

test('after a long cut TCP tries again late', () => {
  const { server, network, dial, pass } = stage();
  network.cut('client', 'server', false);
  for (let at = 0; at < 20; at += 1) dial();
  pass(5_000);
  network.heal('client', 'server', 10_000);
  pass(1_000);
  const soon = server.heard.length;
  pass(12_000);
  assert.ok(soon < 10, `${soon} after a second`);
  assert.equal(server.heard.length, 20);
});
