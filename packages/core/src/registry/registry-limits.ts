/** The registry's own bounds, with their reasons. */

/** Pings that one router takes in a second: above it members are told to ping less often. About a fifth of a core. */
export const MAX_PINGS_PER_SECOND = 20_000;
/** `GetAvailable` and `Handover` calls that may be held at once; each is a few hundred bytes and a stream. */
export const MAX_WAITERS = 100_000;
/** How long an operator's handover may take: a primary drains in milliseconds, a standby catches up in seconds. */
export const OPERATOR_HANDOVER_TIMEOUT_MS = 10_000;
