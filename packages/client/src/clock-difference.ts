/**
 * Clocks of this machine and of a router that differ by more than tokens allow. Tokens are made by the
 * router's clock then, so everything works; but the person should know.
 */
import type { WallTimeMs } from '@dualping/core';
import { CLOCK_LEEWAY_MS } from '@dualping/protocol';

/** Two wall clocks at the same moment, ms since 1970. */
export interface ClockDifference {
  readonly ownMs: WallTimeMs;
  readonly routerMs: WallTimeMs;
}

/** Undefined: they agree, as far as it matters, or the router has told none. */
export const clockDifference = (
  routerMs: WallTimeMs | undefined,
  ownMs: WallTimeMs,
): ClockDifference | undefined =>
  routerMs === undefined || Math.abs(routerMs - ownMs) <= CLOCK_LEEWAY_MS ? undefined : { ownMs, routerMs };

const timeText = (timeMs: WallTimeMs): string => new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');

/** For people: both times, and what is to be done. */
export const clockDifferenceText = ({ ownMs, routerMs }: ClockDifference): string =>
  `this machine's clock says ${timeText(ownMs)}, and the router's ${timeText(routerMs)}: one of them is wrong, please set it`;
