/** The only clock that the terminal's programs look at. */
import type { Clock } from '../state/state.js';

const utcOffsetMinutesAt = (wallMs: number): number => -new Date(wallMs).getTimezoneOffset();

export const systemClock = (): Clock => ({
  monoMs: performance.now(),
  wallMs: Date.now(),
  utcOffsetMinutesAt,
});
