/**
 * A clock that all processes of a machine share, ms: instants of one can be compared with those of another.
 */
export const clockMs = (): number => Number(process.hrtime.bigint()) / 1_000_000;
