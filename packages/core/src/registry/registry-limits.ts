/** The registry's own bounds, with their reasons. */

/**
 * Pings that one router takes in a second: above it members are told to ping less often. Measured at 33 µs of
 * CPU for a ping and its pong, so this is a third of a core, and leaves the rest for a failover.
 */
export const MAX_PINGS_PER_SECOND = 10_000;
/**
 * A member that waits for its welcome hears this often that the router is there, ms: its disk takes long. The
 * member gives up a router that it does not hear for three seconds.
 */
export const DISK_SIGN_INTERVAL_MS = 1_000;
/** `GetAvailable` and `Handover` calls that may be held at once; each is a few hundred bytes and a stream. */
export const MAX_WAITERS = 100_000;
/**
 * Without a heartbeat for so long a member that sends them is out, ms: what the csce438 family goes by; it
 * sends one every few seconds.
 */
export const DEFAULT_HEARTBEAT_TIMEOUT_MS = 10_000;
/**
 * Processes beside servers that may be registered at once: a few for each of hundreds of clusters, 200 bytes
 * each.
 */
export const MAX_COMPANIONS = 1_000;
/**
 * How long an operator's handover may take: a primary drains in milliseconds, a standby catches up in
 * seconds.
 */
export const OPERATOR_HANDOVER_TIMEOUT_MS = 10_000;
/**
 * An operator may choose a member that was refused until now: it tries to attach at least twice a second, ms.
 */
export const PROMOTION_WAIT_MS = 2_000;
