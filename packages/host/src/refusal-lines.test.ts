import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  GOES_ON_MS,
  MAX_REFUSAL_LINES,
  REFUSAL_INTERVAL_MS,
  REPEAT_INTERVAL_MS,
  withFewRefusals,
} from './refusal-lines.js';

/** How often a refused server asks again, ms. */
const ASKS_AGAIN_MS = 500;

class Log {
  now = 0;
  readonly lines: string[] = [];
  readonly #report = withFewRefusals(
    ({ text }) => this.lines.push(text),
    () => this.now,
  );

  refuse(text: string, event = 'refused'): void {
    this.#report({ part: 'router', event, text });
  }

  /** These servers ask again and again, for so long. */
  refuseFor(ms: number, ...texts: readonly string[]): void {
    for (const until = this.now + ms; this.now < until; this.now += ASKS_AGAIN_MS)
      for (const text of texts) this.refuse(text);
  }
}

test('of many different refusals a few are printed and the others counted; nothing else is held back', () => {
  const log = new Log();
  for (let at = 0; at < MAX_REFUSAL_LINES + 7; at += 1) log.refuse(`stranger ${at}`);
  assert.equal(log.lines.length, MAX_REFUSAL_LINES);
  log.refuse('s1 is dropped', 'dropped');
  assert.equal(log.lines.at(-1), 's1 is dropped');
  log.now = REFUSAL_INTERVAL_MS;
  log.refuse('a late one');
  assert.deepEqual(log.lines.slice(-2), ['7 more were refused before this', 'a late one']);
});

test('a refusal that goes on is printed once, and then once a minute with the number of repetitions', () => {
  const log = new Log();
  log.refuseFor(REPEAT_INTERVAL_MS, 's1 is of another network', 's2 is of another network');
  assert.deepEqual(log.lines, ['s1 is of another network', 's2 is of another network']);
  log.refuseFor(REPEAT_INTERVAL_MS, 's1 is of another network');
  assert.deepEqual(log.lines.slice(2), ['s1 is of another network (and 119 times before this)']);
});

test('another reason, another server and another event are printed at once', () => {
  const log = new Log();
  log.refuseFor(5_000, 's1: one reason');
  log.refuse('s1: another reason');
  log.refuse('s2: one reason');
  log.refuse('s1: one reason', 'audit-refused');
  assert.deepEqual(log.lines, ['s1: one reason', 's1: another reason', 's2: one reason', 's1: one reason']);
});

test('a refusal that ended and begins again is printed at once', () => {
  const log = new Log();
  log.refuseFor(5_000, 's1');
  log.now += GOES_ON_MS;
  log.refuse('s1');
  assert.deepEqual(log.lines, ['s1', 's1 (and 9 times before this)']);
});

test('the first refusal of a server that falls into a flood is printed after it', () => {
  const log = new Log();
  for (let at = 0; at < MAX_REFUSAL_LINES; at += 1) log.refuse(`stranger ${at}`);
  log.refuseFor(REFUSAL_INTERVAL_MS + ASKS_AGAIN_MS, 's1');
  assert.equal(log.lines.at(-1), 's1');
});
