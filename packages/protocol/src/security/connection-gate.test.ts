import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DualpingError, LIMIT_LINE_INTERVAL_MS } from '@dualping/core';
import { ConnectionGate, type Origin, parseConnectionLimits, placeOf } from './connection-gate.js';

const HERE = '192.0.2.1';
let ports = 0;
const from = (remoteAddress: string): Origin => {
  ports += 1;
  return { remoteAddress, remotePort: ports, localAddress: HERE };
};

function gateOf(perAddress: number, perSecond: number) {
  const clock = { now: 0 };
  const lines: string[] = [];
  const gate = new ConnectionGate(
    { perAddress, perSecond },
    (line) => lines.push(line),
    () => clock.now,
  );
  return { gate, clock, lines };
}

test('an address has so many connections, others have their own, and one that closes makes room', () => {
  const { gate, clock, lines } = gateOf(2, 0);
  const one = from('198.51.100.7');
  assert.ok(gate.admits(one));
  assert.ok(gate.admits(from('198.51.100.7')));
  assert.ok(!gate.admits(from('198.51.100.7')));
  assert.ok(gate.admits(from('198.51.100.8')));
  gate.closed(one);
  assert.ok(gate.admits(from('198.51.100.7')));
  for (let i = 0; i < 50; i += 1) assert.ok(!gate.admits(from('198.51.100.7')));
  assert.equal(lines.length, 1, 'the first is said at once, the others later');
  clock.now = LIMIT_LINE_INTERVAL_MS;
  assert.ok(!gate.admits(from('198.51.100.7')));
  assert.match(lines[1] ?? '', /connections of an address: 51; the last was "198.51.100.7"/);
  gate.close();
});

test('new ones come at a rate, after a burst', () => {
  const { gate, clock } = gateOf(3, 2);
  const comeAndGo = (): boolean => {
    const socket = from('198.51.100.7');
    const isIn = gate.admits(socket);
    if (isIn) gate.closed(socket);
    return isIn;
  };
  assert.deepEqual([comeAndGo(), comeAndGo(), comeAndGo(), comeAndGo()], [true, true, true, false]);
  clock.now = 500;
  assert.deepEqual([comeAndGo(), comeAndGo()], [true, false]);
  assert.equal(gate.places, 0, 'nothing is kept of who is gone');
  gate.close();
});

test('a part does not count, and from an address that had one another part connects in spite of a flood', () => {
  const { gate } = gateOf(1, 0);
  const part = from('203.0.113.5');
  assert.ok(gate.admits(part));
  assert.ok(gate.proved(part, true));
  const stranger = from('203.0.113.5');
  assert.ok(gate.admits(stranger), 'the part does not count');
  assert.ok(gate.proved(stranger, false));
  const [second, third] = [from('203.0.113.5'), from('203.0.113.5')];
  assert.ok(gate.admits(second) && gate.admits(third), 'on trial');
  assert.ok(!gate.proved(second, false), 'no part: it goes');
  assert.ok(gate.proved(third, true));
  for (const socket of [part, stranger, second, third]) gate.closed(socket);
  assert.equal(gate.places, 0);
  gate.close();
});

test('programs of the same machine are not limited', () => {
  const { gate } = gateOf(1, 1);
  for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', HERE])
    for (let i = 0; i < 5; i += 1) assert.ok(gate.admits(from(address)), address);
  gate.close();
});

test('a place is an IPv4 address, or the network of an IPv6 address', () => {
  assert.equal(placeOf('::ffff:198.51.100.7'), '198.51.100.7');
  assert.equal(placeOf('2001:db8:1:2:3:4:5:6'), placeOf('2001:db8:1:2::9'));
  assert.equal(placeOf('2001:db8::1'), '2001:db8:0:0');
  assert.equal(placeOf('fe80::1%eth0'), 'fe80:0:0:0');
  assert.notEqual(placeOf('2001:db8:1:2::1'), placeOf('2001:db8:1:3::1'));
});

test('a limit is a whole number', () => {
  assert.deepEqual(parseConnectionLimits({ perSecond: 0 }), { perAddress: 64, perSecond: 0 });
  assert.throws(
    () => parseConnectionLimits({ perAddress: -1 }),
    (error) => error instanceof DualpingError && /perAddress is "-1"/.test(error.detail),
  );
});
