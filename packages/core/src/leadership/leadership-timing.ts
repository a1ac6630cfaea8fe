/** The times that leadership runs on. */

/** How often each router asks the store who leads, ms: a read takes about 1 ms there. */
export const READ_INTERVAL_MS = 100;
/**
 * A leader that could not confirm its term in the store for this long becomes silent and steps down, ms.
 * Above the time that etcd needs to choose its own leader (1 to 2 s), so that this alone deposes no router.
 */
export const UNCONFIRMED_MS = 2_500;
/**
 * How long a lease lasts, ms: the last resort, for when no router held a stream to the leader. etcd grants no
 * shorter one.
 */
export const LEASE_MS = 2_000;
/** A lease is renewed this many times while it lasts: it survives two failed renewals. */
const RENEWALS_A_LEASE = 4;
export const RENEW_INTERVAL_MS = LEASE_MS / RENEWALS_A_LEASE;
/** Wait before a stream to the leader is opened again, ms. */
export const PEER_RETRY_MS = 50;
/**
 * A router that has handed over does not try to lead for this long, ms: the others need ten reads. If none of
 * them leads by then, none can.
 */
export const ABSTAIN_MS = 10 * READ_INTERVAL_MS;
/** If a follower's last read was asked longer ago than this, it does not count the leader's silence, ms. */
export const READS_ARE_RECENT_MS = 3 * READ_INTERVAL_MS;
