/**
 * What really happened: the entries that were committed, by whoever said so first. Everybody else has to agree.
 *
 * Knows nothing of how the machines work. Who follows whom is worked out here by a model of its own.
 */
import type { Entry, Position, UserName } from '@dualping/core';
import { entryText, sameEntry } from '../entry-text.js';
import { Violation } from './checker.js';

interface Follow {
  readonly since: number;
  /** Position of the entry that ended it. */
  until: number;
}

export class History {
  readonly #entries: Entry[] = [];
  readonly #users = new Set<UserName>();
  /** `follower>author`, in the order in which they began. */
  readonly #follows = new Map<string, Follow[]>();
  /** Posts by author, ascending. */
  readonly #posts = new Map<UserName, Entry[]>();
  readonly #requests = new Map<string, Entry>();
  readonly #texts = new Map<string, Entry>();

  constructor(
    /** Whether sessions may be forgotten while they live: only with limits that are small. */
    readonly forgets: boolean,
  ) {}

  get last(): number {
    return this.#entries.length;
  }

  at(position: number): Entry | undefined {
    return this.#entries[position - 1];
  }

  entries(through: number): readonly Entry[] {
    return this.#entries.slice(0, through);
  }

  /** A server says that this is committed. */
  committed(who: string, entry: Entry): void {
    const known = this.at(entry.position);
    if (known === undefined) return this.#add(who, entry);
    if (!sameEntry(known, entry))
      throw new Violation(
        'committed-prefix-equal-on-all',
        `${who} has committed [${entryText(entry)}] where [${entryText(known)}] was committed`,
      );
  }

  /** Where a request is, if it was committed. */
  request(sessionId: string, requestNo: number): Entry | undefined {
    return this.#requests.get(`${sessionId}#${requestNo}`);
  }

  post(text: string): Entry | undefined {
    return this.#texts.get(text);
  }

  /** Whether `user` sees what `author` posts at this position. */
  sees(user: UserName, author: UserName, at: number): boolean {
    return user === author || this.#follow(user, author, at) !== undefined;
  }

  /** What `user` has to see of what came after a position, whenever it is looked at: follows that never ended. */
  *due(user: UserName, after: number): Generator<Entry> {
    for (const [author, posts] of this.#posts)
      for (const post of posts) {
        if (post.position <= after) continue;
        if (author === user || this.#follow(user, author, post.position)?.until === Number.POSITIVE_INFINITY)
          yield post;
      }
  }

  #follow(user: UserName, author: UserName, at: number): Follow | undefined {
    return this.#follows.get(`${user}>${author}`)?.find(({ since, until }) => since < at && at < until);
  }

  #add(who: string, entry: Entry): void {
    const { position, sessionId, requestNo, command } = entry;
    if (position !== this.last + 1)
      throw new Violation('committed-in-order', `${who} commits ${position} after ${this.last}`);
    this.#entries.push(entry);
    if (sessionId !== '') {
      const key = `${sessionId}#${requestNo}`;
      const before = this.#requests.get(key);
      // The login of a session that was forgotten begins it again, and changes nothing else.
      const isBegunAgain = this.forgets && command.kind === 'register';
      if (before !== undefined && !isBegunAgain)
        throw new Violation(
          'exactly-once',
          `[${entryText(entry)}] was done before as [${entryText(before)}]`,
        );
      this.#requests.set(key, entry);
    }
    switch (command.kind) {
      case 'register':
      case 'remote-user':
        this.#users.add(command.user);
        return;
      case 'follow':
        return this.#began(command.user, command.target, position);
      case 'unfollow': {
        const follow = this.#follow(command.user, command.target, position);
        if (follow !== undefined) follow.until = position;
        return;
      }
      case 'post':
      case 'remote-post':
        return this.#posted(command.user, command.text, entry);
      case 'remote-follow':
      case 'remote-unfollow':
      case 'remote-through':
      case 'epoch-start':
        return;
    }
  }

  #began(user: UserName, target: UserName, at: Position): void {
    const isNews = user !== target && this.#users.has(target) && this.#users.has(user);
    if (!isNews || this.#follow(user, target, at) !== undefined) return;
    const key = `${user}>${target}`;
    const follows = this.#follows.get(key) ?? [];
    follows.push({ since: at, until: Number.POSITIVE_INFINITY });
    this.#follows.set(key, follows);
  }

  #posted(author: UserName, text: string, entry: Entry): void {
    const before = this.#texts.get(text);
    if (before !== undefined)
      throw new Violation(
        'exactly-once',
        `[${entryText(entry)}] was posted before as [${entryText(before)}]`,
      );
    this.#texts.set(text, entry);
    const posts = this.#posts.get(author) ?? [];
    posts.push(entry);
    this.#posts.set(author, posts);
  }
}
