/**
 * A benchmark's shares of the limit as an SVG: one bar a measurement, with its spread, against the line of
 * the limit.
 */
import type { Measurement } from './figures.js';
import { short } from './table.js';

type Compared = Measurement & { readonly share: NonNullable<Measurement['share']> };

const WIDTH = 920;
const MARGIN = 16;
const NAMES_WIDTH = 300;
const VALUES_WIDTH = 250;
const ROW = 26;
const BAR = 12;
const HEAD = 62;
const FOOT = 34;
/**
 * Bars that go further beyond the limit are cut here, with their number beside them: else the others would be
 * too short to read.
 */
const MOST_SHOWN = 2;
const BARS_LEFT = MARGIN + NAMES_WIDTH;
const BARS_WIDTH = WIDTH - BARS_LEFT - VALUES_WIDTH - MARGIN;

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

const px = (value: number): string => value.toFixed(1);

/** @param limit the meaning of the line */
export function pictureOf(title: string, limit: string, measurements: readonly Measurement[]): string {
  const rows = measurements.filter((row): row is Compared => row.share !== undefined);
  // The scale always includes the line of the limit.
  const scaleMost = Math.min(MOST_SHOWN, Math.max(1, ...rows.map(({ share }) => share.median)) * 1.1);
  const x = (share: number): number => BARS_LEFT + (Math.min(share, scaleMost) / scaleMost) * BARS_WIDTH;
  const height = HEAD + rows.length * ROW + FOOT;
  const bottom = HEAD + rows.length * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<title>${escaped(title)}: shares of the limit</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="24" font-size="15" font-weight="600">${escaped(title)}</text>`,
    `<text x="${MARGIN}" y="43" fill="#666">limit: ${escaped(limit)}</text>`,
    ...gridLines(scaleMost, x, bottom),
    ...rows.flatMap((row, index) => drawn(row, HEAD + index * ROW, x)),
    '</svg>',
    '',
  ].join('\n');
}

function gridLines(scaleMost: number, x: (share: number) => number, bottom: number): string[] {
  const lines: string[] = [];
  for (let percent = 0; percent / 100 <= scaleMost; percent += 25) {
    const at = px(x(percent / 100));
    const stroke = percent === 100 ? 'stroke="#c0392b" stroke-width="1.5"' : 'stroke="#e4e4e4"';
    lines.push(`<line x1="${at}" y1="${HEAD - 6}" x2="${at}" y2="${bottom}" ${stroke}/>`);
    const text = percent === 100 ? 'limit' : `${percent} %`;
    lines.push(`<text x="${at}" y="${bottom + 16}" text-anchor="middle" fill="#666">${text}</text>`);
  }
  return lines;
}

function drawn(
  { name, unit, ours, limit, share }: Compared,
  top: number,
  x: (share: number) => number,
): string[] {
  const middle = top + ROW / 2 - 4;
  const baseline = px(middle + 4);
  const values = `${short(ours.median)} of ${short(limit?.median ?? Number.NaN)} ${unit}`;
  return [
    `<text x="${BARS_LEFT - 8}" y="${baseline}" text-anchor="end">${escaped(name)}</text>`,
    `<rect x="${BARS_LEFT}" y="${px(middle - BAR / 2)}" width="${px(x(share.median) - BARS_LEFT)}" height="${BAR}" rx="2" fill="#2d7dd2"/>`,
    `<line x1="${px(x(share.least))}" y1="${px(middle)}" x2="${px(x(share.most))}" y2="${px(middle)}" stroke="#123a63" stroke-width="2"/>`,
    `<text x="${WIDTH - MARGIN - VALUES_WIDTH + 12}" y="${baseline}">${(share.median * 100).toFixed(0)} %</text>`,
    `<text x="${WIDTH - MARGIN}" y="${baseline}" text-anchor="end" fill="#666">${escaped(values)}</text>`,
  ];
}
