/** Every bound that more than one machine must agree on, with its reason. */

/** Longest user name: fits a column of a terminal list. */
export const MAX_USER_NAME_LENGTH = 32;
/**
 * Longest post, in characters (code points): a screenful at 80 columns, and never more than 4 KB of UTF-8.
 */
export const MAX_POST_LENGTH = 1_000;
/** First words of a post that is answered, in characters: a line of a terminal. */
export const MAX_BEGIN_LENGTH = 80;
/**
 * Users whom one post can reach by naming them though they don't follow its author: a post that names many
 * users reaches only a few.
 */
export const MAX_NAMED = 20;
/**
 * Posts kept for each user that name the user and are by authors whom the user does not follow; 8 bytes each.
 * Beyond this the oldest leave the timeline, so that strangers can't fill memory.
 */
export const MAX_MENTIONS = 1_000;
/** Posts shown at the start of a timeline: as the csce438 programs do, about a screen. */
export const TIMELINE_ENTRY_POSTS = 20;
/** Most posts in one page of older posts: one message of at most 800 KB. */
export const MAX_PAGE_POSTS = 200;
/** Users in one page of a list: with their longest names, followers and followed too, about 250 KB. */
export const MAX_LIST_PAGE = 2_000;
/** Requests of one session that may be unanswered at once; as many replies are kept for repeats. */
export const SESSION_WINDOW = 64;
/** Sessions remembered for exactly-once; the one silent for longest is forgotten first. About 1 KB each. */
export const MAX_SESSIONS = 100_000;
/** Longest session id: two UUIDs fit. */
export const MAX_SESSION_ID_LENGTH = 80;
/** Entries appended but not yet committed at a primary; above it writes are refused as busy. */
export const MAX_UNCOMMITTED_ENTRIES = 16_384;
/** Entries sent to a standby and not yet acknowledged: keeps a slow standby from filling memory. */
export const MAX_REPLICATION_WINDOW = 8_192;
/** Entries in one replication message: at 4 KB each still well under a 4 MB gRPC message. */
export const MAX_BATCH_ENTRIES = 512;
/** Epoch starts sent in a join; a standby whose journal is older than these pulls a snapshot. */
export const MAX_EPOCH_STARTS = 1_000;
/**
 * Items in one message of a tail to another cluster: posts of 4 KB each still fit well into a message of 4
 * MB.
 */
export const MAX_TAIL_ITEMS = 256;
/** Names in one message of a tail: at 34 bytes each well under the 128 KB that a server takes in one. */
export const MAX_TAIL_NAMES = 1_000;
/**
 * Names that another cluster may ask for though this cluster has no such user: an unclean promotion may have
 * lost users who will log in again. 100 bytes each. Names of existing users are bounded by the number of
 * users.
 */
export const MAX_TAIL_UNKNOWN_NAMES = 100_000;
/** Timelines open on one server; each costs 20-40 KB of stream. */
export const MAX_TIMELINES = 20_000;
/**
 * Timelines of one user that new posts are pushed to. Timelines opened beyond that get new posts in turns
 * with others: this bounds the fan-out cost of one user.
 */
export const MAX_LIVE_TIMELINES_OF_USER = 16;
/** Keys that speak for one name: one for each device; a user rarely has more. */
export const MAX_KEYS = 16;
/** Revoked keys of a name that are remembered, so that they can't be bound again. */
export const MAX_REVOKED_KEYS = 48;
/** Remembered codes, including used ones; the oldest is forgotten first. 200 bytes each. */
export const MAX_CODES = 10_000;
/** Longest name of a device: a column of a list. */
export const MAX_DEVICE_LENGTH = 40;
/** Longest validity of a code, ms: a code that has been in a mailbox for a month is not secret any more. */
export const MAX_CODE_MS = 31 * 24 * 3_600_000;
/** Longest wait of a `GetAvailable`, ms: after that proxies cut the call and users give up. */
export const MAX_WAIT_MS = 30_000;
/** Members of one cluster: every commit waits for all in-sync ones. */
export const MAX_MEMBERS = 64;
/** Clusters of users of one router. */
export const MAX_CLUSTERS = 10_000;
/**
 * Services of one router. Each takes about 1 KB, and its record is kept permanently, because its epochs may
 * only rise: so a program that may attach must not be able to make any number of them.
 */
export const MAX_SERVICES = 1_000;
/** Services are numbered from here on, above all possible clusters of users. */
export const FIRST_SERVICE_CLUSTER = MAX_CLUSTERS + 1;
/** The highest number that a cluster can have. */
export const MAX_CLUSTER_NUMBER = MAX_CLUSTERS + MAX_SERVICES;
/** Longest name of a service: as long as a user name, and fits a column of `top`. */
export const MAX_SERVICE_NAME_LENGTH = 32;
