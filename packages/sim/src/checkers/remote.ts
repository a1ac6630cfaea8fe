/**
 * Checks what clusters get from one another: each item once, as it was committed there, in that order; and,
 * when all is quiet, everything that was due.
 *
 * A cluster is informed who follows its users from other clusters: at least the last change of each pair, and
 * only real changes. A follow of a user of another cluster begins at the last position there that was known
 * when the follow was committed. All later posts of that author have to come, whatever failed on either
 * side.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type ClusterId,
  type Entry,
  isRemoteCommand,
  type Position,
  postIn,
  referenceIn,
  type UserName,
} from '@dualping/core';
import { entryText } from '../entry-text.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

/** What one cluster has got so far, read from its history. */
class Heard {
  #read = 0;
  /** How many entries the history had lost when it was read. */
  #lost = 0;
  /** Up to here each item was true when it came; since then the other cluster may have lost it. */
  #judged = 0;
  readonly last = new Map<ClusterId, Position>();
  /** For each followed user of another cluster: the position there from which posts are due. */
  readonly wantedSince = new Map<UserName, number>();
  readonly homes = new Map<UserName, ClusterId>();
  readonly #asked = new Set<UserName>();
  readonly #followers = new Map<UserName, Set<UserName>>();
  readonly posts = new Map<ClusterId, Set<Position>>();
  /** Positions there of follows and unfollows of this cluster's users, as far as they were sent. */
  readonly edges = new Map<ClusterId, Set<Position>>();
  /** Our own users. */
  readonly #own = new Set<UserName>();

  constructor(
    readonly cluster: ClusterId,
    readonly history: History,
    readonly others: ReadonlyMap<ClusterId, History>,
  ) {}

  readOn(): void {
    if (this.history.lost !== this.#lost) this.#readAnew();
    while (this.#read < this.history.last) {
      this.#read += 1;
      const entry = this.history.at(this.#read);
      if (entry !== undefined) this.#take(entry);
    }
  }

  /** The history has other entries from some position on. */
  #readAnew(): void {
    this.#lost = this.history.lost;
    this.#judged = Math.min(this.#read, this.history.keptThrough);
    this.#read = 0;
    const known = [this.last, this.wantedSince, this.homes, this.posts, this.edges];
    for (const what of [...known, this.#asked, this.#followers, this.#own]) what.clear();
  }

  #take(entry: Entry): void {
    const { command } = entry;
    if (isRemoteCommand(command)) {
      const { cluster, position } = command.origin;
      if (position <= (this.last.get(cluster) ?? 0))
        throw new Violation(
          'remote-exactly-once-in-order',
          `cluster ${this.cluster} has [${entryText(entry)}] after ${this.last.get(cluster)}`,
        );
      this.last.set(cluster, position);
      const there = this.others.get(cluster)?.at(position);
      if (command.kind === 'remote-user') {
        if (there?.command.kind !== 'register' || there.command.user !== command.user)
          this.#isUntrue(entry, there);
        this.homes.set(command.user, cluster);
      }
      if (command.kind === 'remote-post') {
        const post = there && postIn(there);
        const isTaken = this.others.get(cluster)?.answersNothing(position) === false;
        const isThat = isTaken && there?.command.kind === 'post' && post?.author === command.user;
        const answers = post?.answers && referenceIn(this.cluster, cluster, post.answers);
        const isSameAnswer = isDeepStrictEqual(answers, command.answers);
        if (!isThat || post?.text !== command.text || post.timeMs !== entry.timeMs || !isSameAnswer)
          this.#isUntrue(entry, there);
        if (!this.#asked.has(command.user))
          throw new Violation('remote-is-wanted', `[${entryText(entry)}], whom nobody has asked to follow`);
        const posts = this.posts.get(cluster) ?? new Set();
        this.posts.set(cluster, posts.add(position));
      }
      if (command.kind === 'remote-follow' || command.kind === 'remote-unfollow') {
        const change = there && this.#changeIn(this.others.get(cluster), there);
        const isThat = change?.user === command.user && change.target === command.target;
        if (!isThat || command.kind !== `remote-${change.kind}`) this.#isUntrue(entry, there);
        if (!this.#own.has(command.target))
          throw new Violation(
            'remote-is-wanted',
            `[${entryText(entry)}], who is no user of cluster ${this.cluster}`,
          );
        const edges = this.edges.get(cluster) ?? new Set();
        this.edges.set(cluster, edges.add(position));
      }
      return;
    }
    if (command.kind === 'register') this.#own.add(command.user);
    if (command.kind === 'follow') {
      this.#asked.add(command.target);
      const home = this.homes.get(command.target);
      if (home === undefined || !this.history.sees(command.user, command.target, entry.position + 0.5))
        return;
      const followers = this.#followers.get(command.target) ?? new Set();
      if (followers.size === 0) this.wantedSince.set(command.target, this.last.get(home) ?? 0);
      this.#followers.set(command.target, followers.add(command.user));
    }
    if (command.kind === 'unfollow') {
      const followers = this.#followers.get(command.target);
      if (followers?.delete(command.user) === true && followers.size === 0)
        this.wantedSince.delete(command.target);
    }
  }

  /** An item that the other cluster has and that should be here by now; undefined: none is missing. */
  missing(): string | undefined {
    for (const [cluster, theirs] of this.others) {
      if (cluster === this.cluster) continue;
      /** The last change of each pair of users. */
      const last = new Map<string, Entry>();
      for (const entry of theirs.entries(theirs.last)) {
        const { command, position } = entry;
        if (command.kind === 'register' && !this.homes.has(command.user))
          return `cluster ${this.cluster} has not heard of ${command.user} of cluster ${cluster}`;
        const change = this.#changeIn(theirs, entry);
        if (change !== undefined && this.#own.has(change.target))
          last.set(`${change.user}>${change.target}`, entry);
        if (command.kind !== 'post' || theirs.answersNothing(position)) continue;
        const since = this.wantedSince.get(command.user);
        if (since !== undefined && position > since && this.posts.get(cluster)?.has(position) !== true)
          return `cluster ${this.cluster} has not heard of [${entryText(entry)}] of cluster ${cluster}`;
      }
      for (const entry of last.values())
        if (this.edges.get(cluster)?.has(entry.position) !== true)
          return `cluster ${this.cluster} has not heard that [${entryText(entry)}] in cluster ${cluster}`;
    }
    return undefined;
  }

  /** The entry's command, if it changed a follow; many such requests change nothing. */
  #changeIn(history: History | undefined, { command, position }: Entry) {
    if (history === undefined || (command.kind !== 'follow' && command.kind !== 'unfollow')) return undefined;
    const { user, target } = command;
    const [before, after] = [-0.5, 0.5].map((off) => history.sees(user, target, position + off));
    return before === after ? undefined : command;
  }

  #isUntrue(entry: Entry, there: Entry | undefined): void {
    if (entry.position <= this.#judged) return;
    throw new Violation(
      'remote-is-true',
      `cluster ${this.cluster} has [${entryText(entry)}], where [${there === undefined ? 'nothing' : entryText(there)}] is committed`,
    );
  }
}

export class RemoteChecker implements Checker {
  readonly #heard: ReadonlyMap<ClusterId, Heard>;

  constructor(histories: ReadonlyMap<ClusterId, History>) {
    this.#heard = new Map(
      [...histories].map(([cluster, history]) => [cluster, new Heard(cluster, history, histories)]),
    );
  }

  /** After the history has been sent. */
  committed({ cluster }: ServerProcess): void {
    this.#heard.get(cluster)?.readOn();
  }

  missing(): string | undefined {
    for (const heard of this.#heard.values()) {
      const problem = heard.missing();
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
}
