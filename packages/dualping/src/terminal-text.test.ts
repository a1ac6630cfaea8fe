import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanForTerminal } from './terminal-text.js';

test('nothing that acts on a terminal passes', () => {
  assert.equal(cleanForTerminal('a\x1b[2Jb'), 'a\ufffd[2Jb');
  assert.equal(cleanForTerminal('a\u009b31mb\x07\n'), 'a\ufffd31mb\ufffd\ufffd');
  assert.equal(cleanForTerminal('user\u202egnp.exe'), 'user\ufffdgnp.exe');
  assert.equal(cleanForTerminal('\u2066x\u2069\u200f\u2028\ud800'), '\ufffdx\ufffd\ufffd\ufffd\ufffd');
});

test('other text passes unchanged, and cleaning twice equals cleaning once', () => {
  const text = 'Grüße, 世界 👩‍👩‍👧 – it’s “fine”';
  assert.equal(cleanForTerminal(text), text);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (any) => {
      const clean = cleanForTerminal(any);
      assert.doesNotMatch(clean, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      assert.equal(cleanForTerminal(clean), clean);
    }),
  );
});
