/**
 * How much of a suite is run: all of it, or as much as fits beside everything else that a commit has to pass.
 */
export const IS_SHORT = process.env.DUALPING_FAULTS === 'short';

export const inFull = (long: number, short: number): number => (IS_SHORT ? short : long);
