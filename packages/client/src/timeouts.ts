/**
 * How long calls may take, in milliseconds. Breaks and refusals are noticed at once; these limits are for
 * silence.
 */
import { ROUTER_ANSWER_MARGIN_MS } from '@dualping/core';

/** For a call that a router answers from memory. */
export const ROUTER_TIMEOUT_MS = ROUTER_ANSWER_MARGIN_MS;
/** For an operator's handover: the router itself gives the primary 10 s to drain. */
export const HANDOVER_CALL_TIMEOUT_MS = 15_000;
/** Stats come about once a second; a status does not wait longer for them. */
export const STATS_WAIT_MS = 1_500;
/** For asking routers for their state: live ones answer at once; a frozen one is shown as absent. */
export const STANDING_WAIT_MS = 1_000;
/** Until another router leads after a handover: for a second the former leader leaves that to the others. */
export const ROUTER_TAKEOVER_MS = 5_000;
/**
 * When a session ends, its calls in flight may take this long to end in order; it does not wait longer for a
 * frozen server.
 */
export const LEAVE_TIMEOUT_MS = 1_000;
