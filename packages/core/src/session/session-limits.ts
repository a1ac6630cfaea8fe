/** Bounds and times of a client session, each with its reason. */
import type { BackOffBounds } from './back-off.js';

/**
 * Requests of one session that wait to be sent or answered: an hour of typing, at most 16 MB of posts.
 */
export const MAX_PENDING_REQUESTS = 4_096;
/** Reads of one session that wait to be sent or answered. */
export const MAX_PENDING_QUERIES = 64;
/** Posts held back until the page of older posts before them has arrived. */
export const MAX_HELD_POSTS = 10_000;
/** Longest session id a caller may give: leaves room for the number of its renewal. */
export const MAX_GIVEN_SESSION_ID_LENGTH = 64;
/** Router addresses of one session: all of them are tried before the session backs off. */
export const MAX_ROUTERS = 16;

/** How long a router may hold its answer while its own bound (`failover_wait_ms`) is not known, ms. */
export const DEFAULT_FAILOVER_WAIT_MS = 3_000;
/**
 * How long to wait for a router before the next is asked too, ms: three pings. A healthy router answers in a
 * few ms.
 */
export const NEXT_ROUTER_MS = 300;
/**
 * How long a router may hold an answer before it is asked again over a new connection, ms: the old connection
 * may be dead. A takeover takes less, with the default times.
 */
export const ASK_ANEW_MS = 1_000;
/**
 * How long a router may take to answer `Connect`, and how much longer than it may hold an answer, ms. After
 * that it counts as away.
 */
export const ROUTER_ANSWER_MARGIN_MS = 2_000;
/**
 * Longest time from dialling a server until the session is live, ms. A new primary may still be opening its
 * epoch, and wait for members that the router is about to drop; the router finds a frozen primary long before
 * this.
 */
export const CONNECT_TIMEOUT_MS = 5_000;
/**
 * Longest time from opening the timeline to the first message on it, ms. A server that has to wait sends a
 * sign at once, so this is for the network only: a connection across half the world takes less than half of
 * it.
 */
export const FIRST_WORD_MS = 2_000;
/**
 * A reply that took longer than this won't come on this link. This is only the last resort: a dead or frozen
 * server is noticed by its closed connection or by the router, and a dead path by the silence of the
 * timeline.
 */
export const REPLY_TIMEOUT_MS = 10_000;

/**
 * Waits between rounds, when the router or every server is away. At most 2 s: a user watches the countdown,
 * and a thousand clients that ask every second or two are no load.
 */
export const RECONNECT_BACK_OFF: BackOffBounds = Object.freeze({ firstMs: 100, maxMs: 2_000 });
/**
 * How long a limit may delay writes before the state says so, ms: a short pause of a fast writer need not be
 * shown.
 */
export const HELD_UP_AFTER_MS = 1_000;
/** Waits before a busy server is asked again. */
export const BUSY_BACK_OFF: BackOffBounds = Object.freeze({ firstMs: 10, maxMs: 500 });
