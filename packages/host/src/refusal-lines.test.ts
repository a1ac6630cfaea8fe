import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_REFUSAL_LINES, REFUSAL_INTERVAL_MS, withFewRefusals } from './refusal-lines.js';

test('of many refusals a few are printed and the others counted; nothing else is held back', () => {
  let now = 0;
  const lines: string[] = [];
  const report = withFewRefusals(
    ({ text }) => lines.push(text),
    () => now,
  );
  const refuse = (text: string) => report({ part: 'router', event: 'refused', text });
  for (let at = 0; at < MAX_REFUSAL_LINES + 7; at += 1) refuse(`stranger ${at}`);
  assert.equal(lines.length, MAX_REFUSAL_LINES);
  report({ part: 'router', event: 'dropped', text: 's1 is dropped' });
  assert.equal(lines.at(-1), 's1 is dropped');
  now = REFUSAL_INTERVAL_MS;
  refuse('a late one');
  assert.deepEqual(lines.slice(-2), ['7 more were refused before this', 'a late one']);
});
