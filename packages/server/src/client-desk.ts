/**
 * Clients' calls and timelines, by the numbers that the machine knows them by.
 *
 * What a timeline gets is put on its wire by its sink. A stream whose buffer is full is reported to the machine, which lets it read on from the
 * journal when it has drained.
 */
import {
  type Command,
  type DualpingError,
  type Entry,
  type LinkId,
  type Position,
  type Post,
  type PresenceLists,
  postIn,
  DualpingError as Refusal,
  type ReplicaInput,
  type ReplicaOutput,
  type Token,
  type UserName,
} from '@dualping/core';
import { decodeEntry, type socialWire, toDualpingError, userListToWire } from '@dualping/protocol';
import type { Journal } from './journal/index.js';
import { refusalText } from './refusal-text.js';
import type { TimelineSink } from './timeline-sink.js';

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { kind: Kind }>;

export interface WaitingWrite {
  readonly command: Command;
  readonly answer: (result: socialWire.WriteResponse | DualpingError) => void;
}

export type WaitingList = (result: socialWire.ListResponse | DualpingError) => void;

export class ClientDesk {
  readonly #writes = new Map<Token, WaitingWrite>();
  readonly #lists = new Map<Token, WaitingList>();
  readonly #timelines = new Map<LinkId, TimelineSink>();

  constructor(
    readonly journal: Journal,
    readonly feed: (input: ReplicaInput) => void,
  ) {}

  waitForWrite(token: Token, write: WaitingWrite): void {
    this.#writes.set(token, write);
  }

  abandonWrite(token: Token): void {
    if (this.#writes.delete(token)) this.feed({ kind: 'write-abandoned', token });
  }

  waitForList(token: Token, answer: WaitingList): void {
    this.#lists.set(token, answer);
  }

  addTimeline(link: LinkId, sink: TimelineSink): void {
    this.#timelines.set(link, sink);
  }

  forgetTimeline(link: LinkId): void {
    this.#timelines.delete(link);
  }

  answerWrite({ token, epoch, reply }: OutputOf<'answer-write'>): void {
    const write = this.#writes.get(token);
    if (write === undefined) return;
    this.#writes.delete(token);
    if (reply.kind === 'ok') write.answer({ position: reply.position, epoch });
    else write.answer(new Refusal(reply.reason, refusalText(reply.reason, write.command)));
  }

  answerList({ token, lists, present }: OutputOf<'answer-list'>): void {
    const answer = this.#lists.get(token);
    if (answer === undefined) return;
    this.#lists.delete(token);
    const withPresence = (users: readonly UserName[]): PresenceLists['users'] =>
      users.map((user) => ({ user, present: present.has(user) }));
    const list = {
      users: withPresence(lists.users),
      followers: withPresence(lists.followers),
      following: withPresence(lists.following),
    };
    answer(userListToWire(list));
  }

  refuse(token: Token, error: DualpingError): void {
    const write = this.#writes.get(token);
    const list = this.#lists.get(token);
    this.#writes.delete(token);
    this.#lists.delete(token);
    write?.answer(error);
    list?.(error);
  }

  timelineOpened({ timeline, epoch, serverId, committed }: OutputOf<'timeline-opened'>): void {
    this.#timelines.get(timeline)?.opened({ epoch, serverId, committed });
  }

  timelinePosts({ timeline, posts }: OutputOf<'timeline-posts'>): void {
    const hasRoom = this.#timelines.get(timeline)?.live(posts) ?? true;
    if (!hasRoom) this.feed({ kind: 'timeline-full', timeline });
  }

  timelineRead({ timeline, positions }: OutputOf<'timeline-read'>): void {
    const sink = this.#timelines.get(timeline);
    if (sink === undefined) return;
    const hasRoom = sink.read(this.#readPosts(positions));
    // In a later turn: someone who reads years of posts must not keep everybody else waiting.
    if (hasRoom) setImmediate(() => this.feed({ kind: 'timeline-writable', timeline }));
    else this.feed({ kind: 'timeline-full', timeline });
  }

  timelinePage({ timeline, before, positions, oldest }: OutputOf<'timeline-page'>): void {
    const posts = this.#readPosts(positions);
    this.#timelines.get(timeline)?.page({ before, posts, oldest });
  }

  timelineEnd(timeline: LinkId, error: DualpingError): void {
    const sink = this.#timelines.get(timeline);
    this.#timelines.delete(timeline);
    sink?.close(error);
  }

  /** The server ends: whoever still waits is told. */
  endAll(error: DualpingError): void {
    for (const token of [...this.#writes.keys(), ...this.#lists.keys()]) this.refuse(token, error);
    for (const timeline of [...this.#timelines.keys()]) this.timelineEnd(timeline, error);
  }

  #readPosts(positions: readonly Position[]): Post[] {
    try {
      return this.journal.readMany(positions).map((payload) => postOf(decodeEntry(payload)));
    } catch (error) {
      this.feed({ kind: 'journal-failed', detail: toDualpingError(error).detail });
      return [];
    }
  }
}

function postOf(entry: Entry): Post {
  const post = postIn(entry);
  if (post === undefined) throw new Error(`entry ${entry.position} is no post: ${entry.command.kind}`);
  return post;
}
