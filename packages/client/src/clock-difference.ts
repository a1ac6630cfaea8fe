/**
 * A difference between the clocks of this machine and of a router that is larger than tokens allow. Tokens
 * are then made by the router's clock, so everything works; but the user should know.
 */
import type { WallTimeMs } from '@dualping/core';
import { CLOCK_LEEWAY_MS } from '@dualping/protocol';

/** Two wall clocks at the same moment, ms since 1970. */
export interface ClockDifference {
  readonly ownMs: WallTimeMs;
  readonly routerMs: WallTimeMs;
}

/** Undefined: they agree closely enough, or the router did not send its clock. */
export const clockDifference = (
  routerMs: WallTimeMs | undefined,
  ownMs: WallTimeMs,
): ClockDifference | undefined =>
  routerMs === undefined || Math.abs(routerMs - ownMs) <= CLOCK_LEEWAY_MS ? undefined : { ownMs, routerMs };

const timeText = (timeMs: WallTimeMs): string => new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');

/** For users: both times, and what to do. */
export const clockDifferenceText = ({ ownMs, routerMs }: ClockDifference): string =>
  `this machine's clock says ${timeText(ownMs)}, and the router's ${timeText(routerMs)}: one of them is wrong, please set it`;
