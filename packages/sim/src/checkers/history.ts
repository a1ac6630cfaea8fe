/**
 * What really happened: each committed entry, as the first server committed it. All others have to agree.
 *
 * It knows nothing of how the machines work. A model of its own works out who follows whom.
 */
import {
  type Entry,
  type Epoch,
  type Position,
  type PostReference,
  postIn,
  type UserName,
} from '@dualping/core';
import { entryText, sameEntry } from '../entry-text.js';
import { chained } from '../journal-image.js';
import { Violation } from './checker.js';
import { KeyModel } from './keys.js';

/** An operator made a member primary that may lack something. */
interface Unclean {
  /** Its first epoch. */
  readonly epoch: Epoch;
  /** Up to here that member has what was committed: only entries after it may be lost. */
  readonly kept: number;
}

interface Follow {
  readonly since: number;
  /** Position of the entry that ended it. */
  until: number;
}

/** A reader, and whether the timeline also has posts that name the reader. */
export interface Reader {
  readonly user: UserName;
  readonly mentions: boolean;
}

function namedBy(entry: Entry): ReadonlySet<UserName> {
  const { text = '', answers } = postIn(entry) ?? {};
  const named = text.split(' ').flatMap((word) => (word.startsWith('@') ? [word.slice(1)] : []));
  return new Set(answers === undefined ? named : [answers.author, ...named]);
}

export class History {
  readonly #entries: Entry[] = [];
  /** Users, with the position at which they became known. */
  readonly #users = new Map<UserName, number>();
  /** Follows by `follower>author`, in the order in which they began. */
  readonly #follows = new Map<string, Follow[]>();
  /** Posts by author, ascending. */
  readonly #posts = new Map<UserName, Entry[]>();
  /** Positions of posts that answer a post that was not there. */
  readonly #answersToNothing = new Set<number>();
  /** Users of this cluster. */
  readonly #own = new Set<UserName>();
  /**
   * For each of these users the posts that name the user, of authors whom the user did not follow then,
   * ascending.
   */
  readonly #naming = new Map<UserName, Entry[]>();
  readonly #requests = new Map<string, Entry>();
  readonly #texts = new Map<string, Entry>();
  /** Chained from the first entry on, as journals do it. */
  readonly #checksums: number[] = [];
  /** Which entries may have an effect, where names belong to keys. */
  keys = new KeyModel();
  #unclean: Unclean | undefined;
  /**
   * Whether an entry of the new epochs was committed: what is committed in the old ones then is not part of
   * this history.
   */
  #hasNewLine = false;
  /** How many committed entries are lost, as an operator accepted. */
  lost = 0;
  /** Entries up to here were kept when some were lost last. */
  keptThrough = 0;

  constructor(
    /** Whether living sessions may be forgotten: only with small limits. */
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

  /** The checksum of a journal that has all committed entries up to a position. */
  checksumAt(position: number): number {
    return this.#checksums[position - 1] ?? 0;
  }

  /** From this epoch on the primary is a member that has committed entries only up to `kept`. */
  acceptsLoss(epoch: Epoch, kept: number): void {
    this.#unclean = { epoch, kept: Math.min(kept, this.#unclean?.kept ?? kept) };
    this.#hasNewLine = false;
  }

  /** Up to where nothing may be lost. */
  get safe(): number {
    return Math.min(this.last, this.#unclean?.kept ?? this.last);
  }

  get hasAcceptedLoss(): boolean {
    return this.#unclean !== undefined;
  }

  /** Whether an entry of an epoch may be lost, because another line of epochs goes on. */
  mayBeLost(epoch: Epoch, position: number): boolean {
    return this.#unclean !== undefined && epoch < this.#unclean.epoch && position > this.#unclean.kept;
  }

  /** A server says that this is committed. */
  committed(who: string, entry: Entry): void {
    const known = this.at(entry.position);
    if (known !== undefined && sameEntry(known, entry)) return;
    if (this.#hasNewLine && this.mayBeLost(entry.epoch, entry.position)) return;
    if (known !== undefined && this.mayBeLost(known.epoch, entry.position)) this.#lose(entry.position - 1);
    if (this.at(entry.position) === undefined) return this.#add(who, entry);
    if (known !== undefined)
      throw new Violation(
        'committed-prefix-equal-on-all',
        `${who} has committed [${entryText(entry)}] where [${entryText(known)}] was committed`,
      );
  }

  /** The entry of a request, if it was committed. */
  request(sessionId: string, requestNo: number): Entry | undefined {
    return this.#requests.get(`${sessionId}#${requestNo}`);
  }

  post(text: string): Entry | undefined {
    return this.#texts.get(text);
  }

  /** Whether the entry at a position is a post that answers a post that was not there. */
  answersNothing(position: number): boolean {
    return this.#answersToNothing.has(position);
  }

  /** Whether `user` sees what `author` posts at this position. */
  sees(user: UserName, author: UserName, at: number): boolean {
    return user === author || this.#follow(user, author, at) !== undefined;
  }

  /** Whether a post names `user`, who did not follow its author then. */
  names(user: UserName, at: number): boolean {
    return this.#naming.get(user)?.some(({ position }) => position === at) === true;
  }

  /** Positions at which the lists of `user` could have changed, the last one first. */
  *momentsSince(user: UserName, floor: number): Generator<number> {
    yield this.last;
    for (let at = this.last; at > floor; at -= 1) {
      const command = this.at(at)?.command;
      const isNews = command?.kind === 'register' || command?.kind === 'remote-user';
      const isOfUser =
        command !== undefined && 'target' in command && (command.user === user || command.target === user);
      if (isNews || isOfUser) yield at - 1;
    }
  }

  /**
   * All users, those whom `user` follows, and the followers of `user`, when everything up to `at` is applied;
   * by name.
   */
  listsOf(user: UserName, at: number): readonly [string, string, string] {
    const following: UserName[] = [];
    const followers: UserName[] = [];
    for (const [key, follows] of this.#follows) {
      const [who = '', whom = ''] = key.split('>');
      if (who !== user && whom !== user) continue;
      if (!follows.some(({ since, until }) => since <= at && at < until)) continue;
      if (who === user) following.push(whom);
      if (whom === user) followers.push(who);
    }
    const users = [...this.#users].filter(([, since]) => since <= at).map(([name]) => name);
    const text = (names: UserName[]): string => names.sort().join(' ');
    return [text(users), text(following), text(followers)];
  }

  /** The posts before a position that `user` sees when everything up to `at` is applied, the oldest first. */
  seenBefore({ user, mentions }: Reader, at: number, before: number): Entry[] {
    const seen: Entry[] = [];
    const isSeen = ({ position }: Entry): boolean => position <= at && position < before;
    if (mentions) seen.push(...(this.#naming.get(user) ?? []).filter(isSeen));
    for (const [author, posts] of this.#posts) {
      const since =
        author === user
          ? 0
          : this.#follows.get(`${user}>${author}`)?.find((it) => it.since <= at && at < it.until)?.since;
      if (since === undefined) continue;
      for (const post of posts) if (post.position > since && isSeen(post)) seen.push(post);
    }
    return seen.sort((one, other) => one.position - other.position);
  }

  /** Whether `user` has followed the author of a post from before it until now. */
  stillSees(user: UserName, author: UserName, at: number): boolean {
    return author === user || this.#follow(user, author, at)?.until === Number.POSITIVE_INFINITY;
  }

  /**
   * Posts after a position that `user` must see, whatever the timing: those of follows that never ended.
   */
  *due({ user, mentions }: Reader, after: number): Generator<Entry> {
    if (mentions) yield* (this.#naming.get(user) ?? []).filter(({ position }) => position > after);
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

  /** Builds the history again without the lost entries. */
  #lose(after: number): void {
    const kept = this.#entries.slice(0, after);
    this.lost += this.#entries.length - kept.length;
    this.keptThrough = after;
    this.#entries.length = 0;
    this.#checksums.length = 0;
    for (const index of [this.#users, this.#follows, this.#posts, this.#requests, this.#texts]) index.clear();
    this.keys = new KeyModel();
    this.#answersToNothing.clear();
    this.#own.clear();
    this.#naming.clear();
    for (const entry of kept) this.#add('the history', entry);
  }

  #add(who: string, entry: Entry): void {
    const { position, sessionId, requestNo, command } = entry;
    if (position !== this.last + 1)
      throw new Violation('committed-in-order', `${who} commits ${position} after ${this.last}`);
    this.#checksums.push(chained(this.checksumAt(this.last), entry));
    this.#entries.push(entry);
    if (this.#unclean !== undefined && entry.epoch >= this.#unclean.epoch) this.#hasNewLine = true;
    if (sessionId !== '') {
      const key = `${sessionId}#${requestNo}`;
      const before = this.#requests.get(key);
      // The login of a forgotten session begins the session again, and changes nothing else.
      const isBegunAgain = this.forgets && command.kind === 'register';
      if (before !== undefined && !isBegunAgain)
        throw new Violation(
          'exactly-once',
          `[${entryText(entry)}] was done before as [${entryText(before)}]`,
        );
      this.#requests.set(key, entry);
    }
    if (!this.keys.takes(entry)) return;
    switch (command.kind) {
      case 'invite-device':
      case 'revoke-key':
      case 'invite':
      case 'reset-keys':
        return;
      case 'register':
      case 'remote-user':
        if (this.#users.has(command.user)) return;
        this.#users.set(command.user, position);
        if (command.kind === 'register') this.#own.add(command.user);
        return;
      case 'follow':
      case 'remote-follow':
        return this.#began(command.user, command.target, position);
      case 'unfollow':
      case 'remote-unfollow': {
        const follow = this.#follow(command.user, command.target, position);
        if (follow !== undefined) follow.until = position;
        return;
      }
      case 'post':
        if (command.answers !== undefined && !this.#has(command.answers)) {
          this.#answersToNothing.add(position);
          return;
        }
        return this.#posted(command.user, command.text, entry);
      case 'remote-post':
        return this.#posted(command.user, command.text, entry);
      case 'remote-through':
      case 'epoch-start':
        return;
    }
  }

  #has({ home, position, author }: PostReference): boolean {
    const posts = this.#posts.get(author) ?? [];
    return posts.some((entry) => {
      const { command } = entry;
      if (command.kind !== 'remote-post') return home === undefined && entry.position === position;
      return command.origin.cluster === home && command.origin.position === position;
    });
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
    for (const name of namedBy(entry)) {
      if (!this.#own.has(name) || this.sees(name, author, entry.position)) continue;
      this.#naming.set(name, [...(this.#naming.get(name) ?? []), entry]);
    }
  }
}
