import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PackedReader, PackedWriter } from './packed-bytes.js';

const counts = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(0, 127, 128, Number.MAX_SAFE_INTEGER));
const values = fc.array(fc.oneof(counts, fc.string({ unit: 'grapheme', maxLength: 40 })), { maxLength: 30 });

test('numbers and texts are read as they were written, and nothing is left', () => {
  const writer = new PackedWriter();
  fc.assert(
    fc.property(values, (given) => {
      for (const value of given)
        if (typeof value === 'number') writer.number(value);
        else writer.text(value);
      const bytes = writer.take();
      const reader = new PackedReader(bytes);
      assert.deepEqual(
        given.map((value) => (typeof value === 'number' ? reader.number() : reader.text())),
        given,
      );
      assert.equal(reader.isDone, true);
      assert.throws(() => reader.number(), /nothing is left after \d+ bytes/);
    }),
  );
});

test('the writer grows when it needs more room', () => {
  const writer = new PackedWriter();
  const long = 'x'.repeat(300_000);
  for (let at = 0; at < 100_000; at += 1) writer.number(at);
  const reader = new PackedReader(writer.text(long).take());
  for (let at = 0; at < 100_000; at += 1) assert.equal(reader.number(), at);
  assert.equal(reader.text(), long);
});

test('a value that is not a whole number is refused', () => {
  for (const value of [-1, 0.5, Number.NaN, 2 ** 53])
    assert.throws(() => new PackedWriter().number(value), /is no count/);
});
