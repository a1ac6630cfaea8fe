import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { holdLowDescriptors } from './high-descriptor.js';

const ON_LINUX = { skip: process.platform === 'linux' ? false : 'only Linux gives the order a meaning' };

function nextDescriptor(): number {
  const descriptor = openSync('/dev/null', 'r');
  closeSync(descriptor);
  return descriptor;
}

test(
  'a file that is opened meanwhile has a higher descriptor than one that is opened later',
  ON_LINUX,
  () => {
    const before = nextDescriptor();
    const letGo = holdLowDescriptors();
    const during = nextDescriptor();
    letGo();
    assert.ok(during >= before + 256, `${during} after ${before}`);
    assert.equal(nextDescriptor(), before);
  },
);

test('all are given back, and only once', ON_LINUX, () => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  const letGo = holdLowDescriptors();
  assert.ok(open() > before);
  letGo();
  const own = openSync('/dev/null', 'r'); // has the number of one that was held
  letGo();
  closeSync(own); // would throw if it had been closed a second time
  assert.equal(open(), before);
});

test('elsewhere nothing is held', () => {
  const before = nextDescriptor();
  const letGo = holdLowDescriptors('darwin');
  assert.equal(nextDescriptor(), before);
  letGo();
});
