/** The times that leadership runs on. */

/** How often each router asks the store who leads, ms: a read takes about 1 ms there. */
export const READ_INTERVAL_MS = 100;
/**
 * A leader that could not make sure of it for so long is silent, and then leads no more, ms. Above the time
 * that etcd takes to choose a leader of its own (1 to 2 s), so that this alone deposes no router.
 */
export const UNCONFIRMED_MS = 2_500;
/**
 * How long a lease lasts, ms: the slow net, for when no router held a stream to the leader. etcd grants none
 * that is shorter.
 */
export const LEASE_MS = 2_000;
/** A lease is renewed so many times while it lasts: it survives two renewals that fail. */
const RENEWALS_A_LEASE = 4;
export const RENEW_INTERVAL_MS = LEASE_MS / RENEWALS_A_LEASE;
/** Wait before a stream to the leader is opened again, ms. */
export const PEER_RETRY_MS = 50;
/**
 * A router that has handed over leaves leading to the others for so long, ms: ten of their reads. If none of
 * them leads by then, none can.
 */
export const ABSTAIN_MS = 10 * READ_INTERVAL_MS;
/** A follower whose last read was asked longer ago than this blames no leader for its silence, ms. */
export const READS_ARE_RECENT_MS = 3 * READ_INTERVAL_MS;
