/** The registry's own bounds, with their reasons. */

/**
 * Pings that one router takes in a second: above this members get a longer ping interval. Measured at 22 µs
 * of CPU for a ping and its pong, so this is a fifth of a core, and leaves the rest for a failover.
 */
export const MAX_PINGS_PER_SECOND = 10_000;
/**
 * How often a member that waits for its welcome gets a sign of life while the router's disk takes long, ms. A
 * member gives up a router after three seconds of silence.
 */
export const DISK_SIGN_INTERVAL_MS = 1_000;
/** `GetAvailable` and `Handover` calls that may wait at once; each is a few hundred bytes and a stream. */
export const MAX_WAITERS = 100_000;
/**
 * A member that sends heartbeats is dropped after this long without one, ms: the value of the csce438
 * programs, which send one every few seconds.
 */
export const DEFAULT_HEARTBEAT_TIMEOUT_MS = 10_000;
/**
 * Auxiliary processes that may be registered at once: a few for each of hundreds of clusters, 200 bytes each.
 */
export const MAX_AUXILIARY_PROCESSES = 1_000;
/**
 * How long an operator's handover may take: a primary drains in milliseconds, a standby catches up in
 * seconds.
 */
export const OPERATOR_HANDOVER_TIMEOUT_MS = 10_000;
/**
 * How long a promotion waits until a chosen member that was refused so far attaches, ms: it tries at least
 * twice a second.
 */
export const PROMOTION_WAIT_MS = 2_000;
/**
 * Events of a cluster that are kept for `history`: weeks of a network that is well, hours of one that is not.
 * All are in the cluster's record, which is written whole with each change: 10 KB at most.
 */
export const MAX_HISTORY = 50;
/** Longest text of such an event, characters: two lines of a terminal. */
export const MAX_HISTORY_DETAIL = 200;
