import type { Failure } from '../reasons.js';

/** The failure alone, taken from an input that tells of one. */
export const failureOf = ({ reason, detail }: Failure): Failure => ({ reason, detail });
