/** Figures as text. */
import type { Measurement, Spread } from './figures.js';

const HEADINGS = ['', 'ours', 'limit', '', 'of the limit'] as const;

/** Three significant digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.001))));
  return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');
}

const spread = ({ median, least, most }: Spread): string =>
  least === most ? short(median) : `${short(median)} (${short(least)}–${short(most)})`;

/** A share for people: rates as a percentage of the limit, times as a multiple of it. */
export function shareText({ better, share }: Pick<Measurement, 'better' | 'share'>): string {
  if (share === undefined) return '';
  const { median, least, most } = share;
  const percent = (value: number): string => (value * 100).toFixed(0);
  return better === 'more'
    ? `${percent(median)} % (${percent(least)}–${percent(most)})`
    : `${short(1 / median)} × (${short(1 / most)}–${short(1 / least)})`;
}

export function tableOf(measurements: readonly Measurement[]): string {
  const rows = measurements.map((row) => [
    row.name,
    spread(row.ours),
    row.limit === undefined ? '' : spread(row.limit),
    row.unit,
    shareText(row),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [HEADINGS, ...rows]
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
