import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ageText, gapText, lastedText, timeText, whenText } from './ages.js';
import { CLOCK, HOUR_MS, MINUTE_MS, NOW_MS } from './evening.fixture.js';

const DAY_MS = 24 * HOUR_MS;
const ago = (ms: number): string => ageText(NOW_MS - ms, CLOCK);

test('an age is shown in its largest unit, and after a week as a date', () => {
  assert.equal(ago(0), 'now');
  assert.equal(ago(MINUTE_MS - 1), 'now');
  assert.equal(ago(MINUTE_MS), '1m');
  assert.equal(ago(14 * MINUTE_MS), '14m');
  assert.equal(ago(HOUR_MS - 1), '59m');
  assert.equal(ago(9 * HOUR_MS), '9h');
  assert.equal(ago(DAY_MS - 1), '23h');
  assert.equal(ago(2 * DAY_MS), '2d');
  assert.equal(ago(7 * DAY_MS - 1), '6d');
  assert.equal(ago(7 * DAY_MS), 'Nov 14');
  assert.equal(ago(365 * DAY_MS), '2025-11-21');
});

test('a time in the future is shown as now', () => assert.equal(ago(-HOUR_MS), 'now'));

test('a time of day has its day when that is another', () => {
  assert.equal(timeText(NOW_MS, CLOCK), '12:41');
  assert.equal(timeText(NOW_MS - 12 * HOUR_MS, CLOCK), '00:41');
  assert.equal(timeText(NOW_MS - 13 * HOUR_MS, CLOCK), 'Nov 20 23:41');
  assert.equal(timeText(NOW_MS - 365 * DAY_MS, CLOCK), '2025-11-21 12:41');
});

test('a time of day is local', () => {
  assert.equal(timeText(NOW_MS, { ...CLOCK, utcOffsetMinutesAt: () => 330 }), '18:11');
  assert.equal(timeText(NOW_MS, { ...CLOCK, utcOffsetMinutesAt: () => -600 }), '02:41');
  assert.equal(timeText(NOW_MS - 3 * HOUR_MS, { ...CLOCK, utcOffsetMinutesAt: () => -600 }), 'Nov 20 23:41');
});

test('a time of day uses the time zone offset of that day', () => {
  // The clocks went back by an hour 2 hours ago.
  const change = NOW_MS - 2 * HOUR_MS;
  const clock = { ...CLOCK, utcOffsetMinutesAt: (wallMs: number) => (wallMs < change ? 120 : 60) };
  assert.equal(timeText(NOW_MS, clock), '13:41');
  assert.equal(timeText(NOW_MS - 3 * HOUR_MS, clock), '11:41');
});

test('the settings choose between the two', () => {
  assert.equal(whenText(NOW_MS - MINUTE_MS, CLOCK, 'relative'), '1m');
  assert.equal(whenText(NOW_MS - MINUTE_MS, CLOCK, 'absolute'), '12:40');
});

test('dates are those of the usual calendar', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (wallMs) => {
      const other = { ...CLOCK, wallMs: 4_102_000_000_000 };
      assert.equal(timeText(wallMs, other), new Date(wallMs).toISOString().slice(0, 16).replace('T', ' '));
    }),
    { numRuns: 2_000 },
  );
});

test('for any time of a post its text is short', () => {
  fc.assert(
    fc.property(fc.double(), (wallMs) => {
      assert.ok(timeText(wallMs, CLOCK).length <= 16);
      assert.ok(ageText(wallMs, CLOCK).length <= 10);
    }),
  );
});

test('how long something lasted', () => {
  assert.equal(lastedText(-5), '0 s');
  assert.equal(lastedText(12_300), '12 s');
  assert.equal(lastedText(724_000), '12m 04s');
  assert.equal(lastedText(3 * HOUR_MS + 20 * MINUTE_MS), '3h 20m');
  assert.equal(lastedText(52 * HOUR_MS), '2d 4h');
  assert.equal(gapText(31.4), '31 ms');
  assert.equal(gapText(999.6), '1.0 s');
  assert.equal(gapText(1_940), '1.9 s');
  assert.equal(gapText(12_000), '12 s');
});
