/** Stats over takeovers, and the parts of one. */

import type { Takeover } from './feed.js';
import type { ClusterViewState } from './state.js';

export interface TakeoverFigures {
  readonly count: number;
  readonly last: Takeover;
  readonly p50Ms: number;
  /** Undefined below `LEAST_FOR_P95` takeovers. */
  readonly p95Ms: number | undefined;
  readonly mostMs: number;
  /** How many took longer than the budget. */
  readonly over: number;
}

export const takeoversHere = ({ takeovers, open }: ClusterViewState): readonly Takeover[] =>
  takeovers.filter(({ cluster }) => cluster === open);

export function takeoverFigures(
  takeovers: readonly Takeover[],
  budgetMs: number,
): TakeoverFigures | undefined {
  const last = takeovers.at(-1);
  if (last === undefined) return undefined;
  const sorted = takeovers.map(({ totalMs }) => totalMs).sort((one, other) => one - other);
  return {
    count: takeovers.length,
    last,
    p50Ms: percentile(sorted, 50),
    p95Ms: sorted.length < LEAST_FOR_P95 ? undefined : percentile(sorted, 95),
    mostMs: sorted.at(-1) ?? 0,
    over: sorted.filter((totalMs) => totalMs > budgetMs).length,
  };
}

/** With fewer values the 95th percentile by nearest rank is just the longest one. */
export const LEAST_FOR_P95 = 20;

/** Nearest rank: always a measured value. */
const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;

/**
 * A bar that is longer than so many times the usual one, or the budget, is cut: else the others would all
 * look the same.
 */
const CUT_FROM_TIMES = 3;

/**
 * The longest takeover that a chart shows uncut, ms: the longest of all, except those far longer than the
 * others.
 */
export function chartTopMs(totalsMs: readonly number[], budgetMs: number): number {
  const sorted = [...totalsMs].sort((one, other) => one - other);
  const limitMs = CUT_FROM_TIMES * Math.max(budgetMs, percentile(sorted, 50));
  return Math.max(budgetMs, ...sorted.filter((totalMs) => totalMs <= limitMs));
}

export type PartName = 'detect' | 'promote' | 'reconnect' | 'first post';

export interface Part {
  readonly name: PartName;
  readonly ms: number;
}

const allParts = ({ parts }: Takeover): readonly (readonly [PartName, number | undefined])[] => [
  ['detect', parts.detectMs],
  ['promote', parts.promoteMs],
  ['reconnect', parts.reconnectMs],
  ['first post', parts.firstPostMs],
];

/** The measured parts, in order. */
export const partsOf = (takeover: Takeover): readonly Part[] =>
  allParts(takeover).flatMap(([name, ms]) => (ms === undefined ? [] : [{ name, ms }]));

/** The parts that were not seen. A handover has nothing to detect. */
export const missingParts = (takeover: Takeover): readonly PartName[] =>
  allParts(takeover).flatMap(([name, ms]) =>
    ms === undefined && !(name === 'detect' && takeover.fault === 'handover') ? [name] : [],
  );

/**
 * Divides cells in proportion, largest remainder first, so that they add up. Every part that took any time
 * gets at least one, if there are enough.
 */
export function shareCells(parts: readonly Part[], cells: number): readonly number[] {
  const whole = parts.reduce((sum, { ms }) => sum + Math.max(0, ms), 0);
  if (whole <= 0 || cells < parts.length) return parts.map((_, at) => (at === 0 ? Math.max(0, cells) : 0));
  const shares = parts.map(({ ms }) => (Math.max(0, ms) / whole) * (cells - parts.length) + 1);
  const given = shares.map(Math.floor);
  const byRemainder = shares
    .map((share, at) => ({ at, rest: share - Math.floor(share) }))
    .sort((one, other) => other.rest - one.rest || one.at - other.at);
  let left = cells - given.reduce((sum, count) => sum + count, 0);
  for (const { at } of byRemainder) {
    if (left <= 0) break;
    given[at] = (given[at] ?? 0) + 1;
    left -= 1;
  }
  return given;
}
