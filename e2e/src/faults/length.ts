/**
 * How much of a suite is run: all of it, or a short form that CI runs for each commit.
 */
export const IS_SHORT = process.env.DUALPING_FAULTS === 'short';

export const inFull = (long: number, short: number): number => (IS_SHORT ? short : long);
