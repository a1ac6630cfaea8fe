import type { Failure } from '../reasons.js';

/** The failure alone, taken from an input that has one. */
export const failureOf = ({ reason, detail }: Failure): Failure => ({ reason, detail });
