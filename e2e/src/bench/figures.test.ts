import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBenchArguments } from './arguments.js';
import { Figures, type Measurement, MILLISECONDS, type Quantity } from './figures.js';
import { belowFloors, type Floors, withFloorsOf } from './floors.js';
import { pictureOf } from './picture.js';
import { shareText, short, tableOf } from './table.js';

const RATE: Quantity = { unit: 'posts/s', better: 'more' };

/** Three repetitions on a machine that becomes ten times as slow in the middle. */
function measured(): Measurement[] {
  const figures = new Figures();
  for (const slowness of [1, 10, 1]) {
    figures.add('rate', RATE, 800 / slowness, 1_000 / slowness);
    figures.add('p50', MILLISECONDS, 3 * slowness, 1 * slowness);
  }
  figures.add('memory', { unit: 'MB', better: 'less' }, 12);
  return figures.measurements();
}

test('shares are computed per pair, so that common noise cancels', () => {
  const [rate, p50, memory] = measured();
  assert.deepEqual(rate?.ours, { median: 800, least: 80, most: 800 });
  assert.deepEqual(rate?.share, { median: 0.8, least: 0.8, most: 0.8 });
  assert.deepEqual(p50?.limit, { median: 1, least: 1, most: 10 });
  assert.ok(Math.abs((p50?.share?.median ?? 0) - 1 / 3) < 1e-9);
  assert.equal(memory?.share, undefined);
});

test('a share is shown as a fraction of a rate, and as a multiple of a time', () => {
  const [rate, p50] = measured();
  assert.ok(rate !== undefined && p50 !== undefined);
  assert.equal(shareText(rate), '80 % (80–80)');
  assert.equal(shareText(p50), '3.00 × (3.00–3.00)');
  assert.deepEqual([1234567, 98.765, 9.8765, 0.012345, 0].map(short), [
    '1,234,567',
    '98.8',
    '9.88',
    '0.0123',
    '0',
  ]);
});

test('the table has a row for each measurement', () => {
  const lines = tableOf(measured()).split('\n');
  assert.equal(lines.length, 4);
  assert.match(lines[1] ?? '', /^rate +800 \(80.0–800\) +1,000 \(100–1,000\) +posts\/s +80 % \(80–80\)$/);
  assert.match(lines[3] ?? '', /^memory +12\.0 +MB$/);
});

test('a share below its floor is reported, also a floor without a share and a share without a floor', () => {
  const measurements = measured();
  const recorded = withFloorsOf({}, 'post', measurements);
  assert.deepEqual(recorded, { post: { rate: 0.56, p50: 0.23 } });
  assert.deepEqual(belowFloors(recorded, 'post', measurements), []);
  const higher: Floors = { post: { rate: 0.9, gone: 0.5 } };
  assert.deepEqual(belowFloors(higher, 'post', measurements), [
    'post: "rate" is 80 % (80–80), its floor 90 %',
    'post: no floor is recorded for "p50"',
    'post: "gone" has a floor and was not measured',
  ]);
});

test('a picture has a bar for each share, and escapes its texts', () => {
  const svg = pictureOf('a < b & "c"', 'nothing', measured());
  assert.match(svg, /a &lt; b &amp; &quot;c&quot;/);
  assert.equal(svg.match(/<rect [^>]*rx=/g)?.length, 2);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
});

test('wrong arguments are refused and quoted', () => {
  const { name, repetitions, check } = parseBenchArguments(['post', '--check', '--repetitions', '3']);
  assert.deepEqual([name, repetitions, check], ['post', 3, true]);
  assert.equal(parseBenchArguments([]).name, undefined);
  assert.equal(parseBenchArguments(['--check']).name, 'all');
  assert.throws(() => parseBenchArguments(['post', '--repetitions', '0']), /--repetitions "0" is not/);
  assert.throws(() => parseBenchArguments(['post', 'fanout']), /"fanout"/);
  assert.throws(() => parseBenchArguments(['--quick']), /--quick/);
});
