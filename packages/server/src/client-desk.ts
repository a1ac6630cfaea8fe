/**
 * Clients' calls and timelines, by their numbers in the machine.
 *
 * A timeline's sink puts its posts on its wire. A stream whose buffer is full is reported to the machine,
 * which lets it read from the journal when it has drained; the history desk does that reading.
 */
import {
  type Command,
  type DualpingError,
  type LinkId,
  type ListPage,
  type Position,
  type PostReference,
  DualpingError as Refusal,
  type ReplicaInput,
  type ReplicaOutput,
  type Token,
} from '@dualping/core';
import type { Written } from '@dualping/protocol';
import { HistoryDesk, MAX_PAGES_WAITING } from './history-desk.js';
import type { Journal } from './journal/index.js';
import { refusalText } from './refusal-text.js';
import type { TimelineSink } from './timeline-sink.js';

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { kind: Kind }>;

export interface WaitingWrite {
  readonly command: Command;
  readonly answer: (result: Written | DualpingError) => void;
}

export type WaitingList = (result: ListPage | DualpingError) => void;

export class ClientDesk {
  readonly #writes = new Map<Token, WaitingWrite>();
  readonly #lists = new Map<Token, WaitingList>();
  readonly #timelines = new Map<LinkId, TimelineSink>();
  readonly #history: HistoryDesk;

  constructor(
    journal: Journal,
    readonly feed: (input: ReplicaInput) => void,
    /** The position of a post in the journal. */
    locate: (post: PostReference) => Position | undefined,
  ) {
    this.#history = new HistoryDesk(journal, feed, locate);
  }

  waitForWrite(token: Token, write: WaitingWrite): void {
    this.#writes.set(token, write);
  }

  abandonWrite(token: Token): void {
    if (this.#writes.delete(token)) this.feed({ kind: 'write-abandoned', token });
  }

  waitForList(token: Token, answer: WaitingList): void {
    this.#lists.set(token, answer);
  }

  /** @param peer gRPC's name for its connection */
  addTimeline(link: LinkId, peer: string, sink: TimelineSink): void {
    this.#timelines.set(link, sink);
    this.#history.add(link, peer, sink);
  }

  forgetTimeline(link: LinkId): void {
    this.#timelines.delete(link);
    this.#history.forget(link);
  }

  /** A timeline's stream that was full has room again. */
  timelineDrained(timeline: LinkId): void {
    if (!this.#history.reads(timeline)) this.feed({ kind: 'timeline-writable', timeline });
  }

  answerWrite({ token, epoch, reply }: OutputOf<'answer-write'>): void {
    const write = this.#writes.get(token);
    if (write === undefined) return;
    this.#writes.delete(token);
    if (reply.kind === 'ok') write.answer({ position: reply.position, epoch });
    else write.answer(new Refusal(reply.reason, refusalText(reply.reason, write.command)));
  }

  answerList({ token, page }: OutputOf<'answer-list'>): void {
    const answer = this.#lists.get(token);
    this.#lists.delete(token);
    answer?.(page);
  }

  refuse(token: Token, error: DualpingError): void {
    const write = this.#writes.get(token);
    const list = this.#lists.get(token);
    this.#writes.delete(token);
    this.#lists.delete(token);
    write?.answer(error);
    list?.(error);
  }

  timelineOpened({ timeline, epoch, serverId, committed, signs }: OutputOf<'timeline-opened'>): void {
    this.#timelines.get(timeline)?.opened({ epoch, serverId, committed, signs });
  }

  timelineSign({ timeline, signs }: OutputOf<'timeline-sign'>): void {
    this.#timelines.get(timeline)?.sign(signs);
  }

  timelinePosts({ timeline, posts }: OutputOf<'timeline-posts'>): void {
    const hasRoom = this.#timelines.get(timeline)?.live(posts) ?? true;
    if (!hasRoom) this.feed({ kind: 'timeline-full', timeline });
  }

  timelineRead({ timeline, positions, unfollowed }: OutputOf<'timeline-read'>): void {
    this.#history.read(timeline, { positions, unfollowed });
  }

  timelinePage({ timeline, ...page }: OutputOf<'timeline-page'>): void {
    if (!this.#history.page(timeline, page)) this.#tooMuchAsked(timeline);
  }

  timelineAnswered({ timeline, of, isShown }: OutputOf<'timeline-answered'>): void {
    if (!this.#history.answered(timeline, { of, isShown })) this.#tooMuchAsked(timeline);
  }

  #tooMuchAsked(timeline: LinkId): void {
    const detail = `${MAX_PAGES_WAITING} pages or posts of this timeline were asked for and are not read yet`;
    this.#timelines.get(timeline)?.close(new Refusal('busy', detail));
  }

  timelineEnd(timeline: LinkId, error: DualpingError): void {
    const sink = this.#timelines.get(timeline);
    this.forgetTimeline(timeline);
    sink?.close(error);
  }

  /** The server ends: all waiting callers are told. */
  endAll(error: DualpingError): void {
    for (const token of [...this.#writes.keys(), ...this.#lists.keys()]) this.refuse(token, error);
    for (const timeline of [...this.#timelines.keys()]) this.timelineEnd(timeline, error);
  }
}
