/** The only clock of the terminal programs. */
import type { Clock } from '../state/state.js';

const utcOffsetMinutesAt = (wallMs: number): number => -new Date(wallMs).getTimezoneOffset();

export const systemClock = (): Clock => ({
  monoMs: performance.now(),
  wallMs: Date.now(),
  utcOffsetMinutesAt,
});
