/**
 * How much one user may write, so that no user can fill the disks.
 *
 * The primary decides it before a request becomes an entry. So it is not part of the replicated state: a new
 * primary begins with full buckets, which at worst allows one more burst. A dualping session waits and sends
 * again, so a limit delays it and is no error.
 */
import { type Allowance, Allowances } from '../allowance.js';
import type { Command } from '../entry.js';
import type { Instant, UserName } from '../ids.js';
import { LimitTally } from '../limit-tally.js';
import { DualpingError, type Failure } from '../reasons.js';
import type { SocialState } from '../social/index.js';
import { utf8Length } from '../text.js';

/** In each of them 0 means no limit. */
export interface UserLimits {
  /** Posts, follows and unfollows of one user in a second, when the burst is used up. */
  readonly postsPerSecond: number;
  /** As many of them at once. */
  readonly postBurst: number;
  /** Bytes of journal that one user may fill: this many at once, and as many a day. */
  readonly bytesPerDay: number;
  /** Logins under one name: this many at once, and as many a minute. */
  readonly loginsPerMinute: number;
  /** Users of the cluster: beyond this new ones are refused. */
  readonly maxUsers: number;
}

/** The defaults of `server` and `up`. */
export const DEFAULT_USER_LIMITS: UserLimits = Object.freeze({
  // No person types faster; a faster program is slowed down to this.
  postsPerSecond: 10,
  postBurst: 60,
  // A hundred users at this limit fill 2 GB a day.
  bytesPerDay: 20_000_000,
  // Each `dualping post` of a script is a login. A login is an entry of 100 bytes and takes one of the
  // 100,000 remembered sessions: at this rate one name needs more than a day to push out all others.
  loginsPerMinute: 60,
  // At most 1 kB each with its session, in memory on every server of the cluster.
  maxUsers: 250_000,
});

export const NO_USER_LIMITS: UserLimits = Object.freeze({
  postsPerSecond: 0,
  postBurst: 0,
  bytesPerDay: 0,
  loginsPerMinute: 0,
  maxUsers: 0,
});

/** What an entry takes in addition to the text of a post, bytes: its frame, session, name and checksum. */
export const ENTRY_BYTES = 100;
/**
 * Users whose buckets are kept: beyond this the least recent writer gets full buckets again. About 100 bytes
 * each.
 */
const MAX_METERED_USERS = 100_000;
/** A higher limit would mean none. */
const LARGEST_LIMIT = 1_000_000_000_000;
const DAY_S = 86_400;
const MINUTE_S = 60;

/** @throws DualpingError `invalid-argument`, quoting the first value that is not allowed */
export function parseUserLimits(given: Partial<UserLimits>): UserLimits {
  const limits = { ...DEFAULT_USER_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits))
    if (!Number.isSafeInteger(value) || value < 0 || value > LARGEST_LIMIT)
      throw new DualpingError(
        'invalid-argument',
        `${name} is "${value}": give a whole number, 0 for no limit`,
      );
  if (limits.postsPerSecond > 0 && limits.postBurst < 1)
    throw new DualpingError(
      'invalid-argument',
      `postBurst is "${limits.postBurst}": with a limit of posts a second at least 1 has to be allowed at once`,
    );
  return Object.freeze(limits);
}

const later = (why: string, waitMs: number): Failure => ({
  reason: 'limit-reached',
  detail: `${why}: try again in ${(Math.ceil(waitMs / 100) / 10).toFixed(1)} s`,
});

type Meter = Allowances<UserName> | undefined;

const meter = (allowance: Allowance): Meter =>
  allowance.burst > 0 && allowance.perSecond > 0 ? new Allowances(allowance, MAX_METERED_USERS) : undefined;

export class UserQuotas {
  readonly #limits: UserLimits;
  readonly #posts: Meter;
  readonly #bytes: Meter;
  readonly #logins: Meter;
  readonly tally = new LimitTally();

  constructor(limits: UserLimits) {
    const { postsPerSecond, postBurst, bytesPerDay, loginsPerMinute } = limits;
    this.#limits = limits;
    this.#posts = meter({ burst: postBurst, perSecond: postsPerSecond });
    this.#bytes = meter({ burst: bytesPerDay, perSecond: bytesPerDay / DAY_S });
    this.#logins = meter({ burst: loginsPerMinute, perSecond: loginsPerMinute / MINUTE_S });
  }

  /** Counts a request that is about to become an entry. @returns why it may not; then it is not counted */
  refusalOf(
    command: Command,
    now: Instant,
    social: Pick<SocialState, 'has' | 'userCount'>,
  ): Failure | undefined {
    const { user } = command;
    if (command.kind === 'register') return this.#whyNoMoreUsers(user, social) ?? this.#whyNoLogin(user, now);
    const textBytes = command.kind === 'post' ? utf8Length(command.text) : 0;
    return this.#whyNoWrite(user, now, ENTRY_BYTES + textBytes);
  }

  /**
   * Names in entries that are not applied yet don't count: there are at most as many as entries in flight.
   */
  #whyNoMoreUsers(user: UserName, social: Pick<SocialState, 'has' | 'userCount'>): Failure | undefined {
    const { maxUsers } = this.#limits;
    if (maxUsers === 0 || social.userCount < maxUsers || social.has(user)) return undefined;
    this.tally.note('users', user);
    return {
      reason: 'limit-reached',
      detail: `the cluster has ${social.userCount} users, and takes ${maxUsers}: "${user}" can't be one more`,
    };
  }

  #whyNoLogin(user: UserName, now: Instant): Failure | undefined {
    const waitMs = this.#logins?.waitMs(user, now) ?? 0;
    if (waitMs > 0) {
      this.tally.note('logins a minute', user);
      return later(`"${user}" logs in more than ${this.#limits.loginsPerMinute} a minute`, waitMs);
    }
    this.#logins?.take(user, now);
    return undefined;
  }

  #whyNoWrite(user: UserName, now: Instant, bytes: number): Failure | undefined {
    const { postsPerSecond, postBurst, bytesPerDay } = this.#limits;
    const waitMs = this.#posts?.waitMs(user, now) ?? 0;
    if (waitMs > 0) {
      this.tally.note('posts a second', user);
      return later(`"${user}" writes more than ${postsPerSecond} a second, and ${postBurst} at once`, waitMs);
    }
    const waitForRoomMs = this.#bytes?.waitMs(user, now, bytes) ?? 0;
    if (waitForRoomMs > 0) {
      this.tally.note('bytes a day', user);
      return later(`"${user}" writes more than ${bytesPerDay} bytes a day`, waitForRoomMs);
    }
    this.#posts?.take(user, now);
    this.#bytes?.take(user, now, bytes);
    return undefined;
  }
}
