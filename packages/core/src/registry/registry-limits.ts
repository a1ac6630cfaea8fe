/** The registry's own bounds, with their reasons. */

/**
 * Pings that one router takes in a second: above it members are told to ping less often. Measured at 33 µs of
 * CPU for a ping and its pong, so this is a third of a core, and leaves the rest for a failover.
 */
export const MAX_PINGS_PER_SECOND = 10_000;
/** `GetAvailable` and `Handover` calls that may be held at once; each is a few hundred bytes and a stream. */
export const MAX_WAITERS = 100_000;
/** How long an operator's handover may take: a primary drains in milliseconds, a standby catches up in seconds. */
export const OPERATOR_HANDOVER_TIMEOUT_MS = 10_000;
