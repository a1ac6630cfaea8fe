import type { Failure } from '../reasons.js';

/** Of an input that tells of a failure: the failure alone. */
export const failureOf = ({ reason, detail }: Failure): Failure => ({ reason, detail });
