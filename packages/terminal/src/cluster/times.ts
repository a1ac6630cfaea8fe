/** Times of day, to the second and to the millisecond, and counts as people read them. */
import type { Clock } from '../state/state.js';
import { countText } from '../view/counts.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

function inDay(wallMs: number, { utcOffsetMinutesAt }: Clock): number {
  const known = Number.isFinite(wallMs) ? Math.floor(wallMs) : 0;
  const localMs = known + utcOffsetMinutesAt(known) * MINUTE_MS;
  return localMs - Math.floor(localMs / DAY_MS) * DAY_MS;
}

/** `12:41:07` */
export function secondText(wallMs: number, clock: Clock): string {
  const ms = inDay(wallMs, clock);
  return [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1_000) % 60]
    .map((part) => padded(part, 2))
    .join(':');
}

/** `12:41:07.145` */
export const millisecondText = (wallMs: number, clock: Clock): string =>
  `${secondText(wallMs, clock)}.${padded(inDay(wallMs, clock) % 1_000, 3)}`;

/** `21 ms`, `1.9 s`, `12 s`. */
export function durationText(ms: number): string {
  if (ms >= 10_000) return `${Math.round(ms / 1_000)} s`;
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${numberText(ms)} ms`;
}

/** In ms, without the unit. A time below 1 ms is `<1`, because it is not 0. */
export const numberText = (ms: number): string => (ms < 1 ? '<1' : countText(ms));
