/**
 * How long calls may take, in milliseconds. Breaks and refusals are noticed at once; these are for silence.
 */
import { ROUTER_ANSWER_MARGIN_MS } from '@dualping/core';

/** A call that a router answers from what it knows. */
export const ROUTER_TIMEOUT_MS = ROUTER_ANSWER_MARGIN_MS;
/** An operator's handover: the router itself gives the primary 10 s to drain. */
export const HANDOVER_CALL_TIMEOUT_MS = 15_000;
/** Figures come about once a second; a status that has none by then goes without. */
export const FIGURES_WAIT_MS = 1_500;
/**
 * What a session that ends has on its way to a server may take this long to end in order; a frozen server is
 * not waited for.
 */
export const LEAVE_TIMEOUT_MS = 1_000;
