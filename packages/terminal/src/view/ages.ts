/** Ages and times of day, in as few cells as possible. */
import type { Clock } from '../state/state.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** After this many days a date is shown instead of an age. */
const DAYS_AS_AGE = 7;
/** Latest moment that is shown: later ones, which others may send, are shown as this one. */
const MOST_WALL_MS = 4_102_444_800_000;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface LocalTime {
  /** Days since 1970, local time. */
  readonly day: number;
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly dayOfMonth: number;
  readonly hour: number;
  readonly minute: number;
}

const two = (value: number): string => String(value).padStart(2, '0');

/**
 * Computes the calendar date (after Hinnant, "chrono-compatible low-level date algorithms", civil_from_days),
 * because a view uses no clock.
 */
function localTime(wallMs: number, { utcOffsetMinutesAt }: Clock): LocalTime {
  const known = Number.isFinite(wallMs) ? Math.max(0, Math.min(wallMs, MOST_WALL_MS)) : 0;
  const localMs = known + utcOffsetMinutesAt(known) * MINUTE_MS;
  const day = Math.floor(localMs / DAY_MS);
  const inDayMs = localMs - day * DAY_MS;
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    day,
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfMonth: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    hour: Math.floor(inDayMs / HOUR_MS),
    minute: Math.floor((inDayMs % HOUR_MS) / MINUTE_MS),
  };
}

function dateText(then: LocalTime, today: LocalTime): string {
  if (then.year !== today.year) return `${then.year}-${two(then.month)}-${two(then.dayOfMonth)}`;
  return `${MONTHS[then.month - 1] ?? ''} ${then.dayOfMonth}`;
}

/** `12:41`; with the day when that is not today: `Nov 21 12:41`, `2025-11-21 12:41`. */
export function timeText(wallMs: number, clock: Clock): string {
  const then = localTime(wallMs, clock);
  const today = localTime(clock.wallMs, clock);
  const time = `${two(then.hour)}:${two(then.minute)}`;
  return then.day === today.day ? time : `${dateText(then, today)} ${time}`;
}

/** `now`, `14m`, `9h`, `2d`; after a week the date. Clocks differ: a moment in the future is `now`. */
export function ageText(wallMs: number, clock: Clock): string {
  const ageMs = clock.wallMs - wallMs;
  if (ageMs < MINUTE_MS) return 'now';
  if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)}m`;
  if (ageMs < DAY_MS) return `${Math.floor(ageMs / HOUR_MS)}h`;
  if (ageMs < DAYS_AS_AGE * DAY_MS) return `${Math.floor(ageMs / DAY_MS)}d`;
  return dateText(localTime(wallMs, clock), localTime(clock.wallMs, clock));
}

/** The age or the time of day, as the settings say. */
export const whenText = (wallMs: number, clock: Clock, times: 'relative' | 'absolute'): string =>
  times === 'relative' ? ageText(wallMs, clock) : timeText(wallMs, clock);

/** How long something has lasted: `12 s`, `4m 02s`, `3h 20m`, `2d 4h`. */
export function lastedText(lastedMs: number): string {
  const whole = Math.max(0, Math.floor(lastedMs / SECOND_MS));
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)}h ${two(Math.floor((whole % 3_600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d ${Math.floor((whole % 86_400) / 3_600)}h`;
}

/** A measured gap: `31 ms`, `1.9 s`, `12 s`, `2m 10s`. */
export function gapText(gapMs: number): string {
  if (Math.round(gapMs) < 1_000) return `${Math.round(gapMs)} ms`;
  if (gapMs < 10_000) return `${(Math.floor(Math.round(gapMs) / 100) / 10).toFixed(1)} s`;
  return lastedText(gapMs);
}
