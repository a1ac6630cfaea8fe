/** Maps values to places, and chooses the values of the grid lines. */

export type Scale = (value: number) => number;

export const linear =
  (from: readonly [number, number], to: readonly [number, number]): Scale =>
  (value) =>
    to[0] + ((value - from[0]) / (from[1] - from[0] || 1)) * (to[1] - to[0]);

/** Round values from 0 to at least `most`, about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function ticksUpTo(most: number, count = 4): readonly number[] {
  const rough = Math.max(most, 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? power * 10;
  const ticks: number[] = [];
  for (let value = 0; ; value += step) {
    ticks.push(Math.round(value * 1_000) / 1_000);
    if (value >= most) return ticks;
  }
}
