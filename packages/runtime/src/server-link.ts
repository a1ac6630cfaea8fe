/**
 * One link of a session to a server: what is sent on its timeline and what as calls, and the answers.
 *
 * Writes of one turn are one message, and so are their answers.
 */
import {
  type ClientWrite,
  type Failure,
  type KeyOfUser,
  type KeysQuestion,
  type ListPage,
  type ListQuestion,
  type QueryAnswer,
  type RequestNumber,
  type SessionId,
  type SessionInput,
  type SessionOutput,
  type SessionQuery,
  type TimelineMessage,
  type TimelineUpdate,
  type TimelineWrite,
  type UserName,
  unreachable,
  type Written,
} from '@dualping/core';
import type { Asker, SessionLink } from './session-driver.js';
import type { Turns } from './turns.js';

type OutputOf<Kind extends SessionOutput['kind']> = Extract<SessionOutput, { readonly kind: Kind }>;
type TimelineQuery = Exclude<SessionQuery, { readonly kind: 'list' | 'keys' }>;

/** The user of a timeline, and which posts it contains. */
export interface Reader {
  readonly user: UserName;
  /** Also posts that name the user, by authors whom the user does not follow. */
  readonly mentions: boolean;
}

/** The first message of a timeline. */
export type TimelineOpen = Omit<Extract<TimelineMessage, { readonly kind: 'open' }>, 'kind'>;

export interface TimelineReader {
  heard(news: TimelineUpdate): void;
  ended(failure: Failure): void;
}

export interface ClientTimeline {
  write(writes: readonly TimelineWrite[]): void;
  ask(query: TimelineQuery): void;
  giveSign(): void;
  /** Ends it in order: earlier messages arrive. */
  close(): void;
  abort(): void;
}

/** The calls of a link to its server. */
export interface ServerCalls {
  /** Once. */
  openTimeline(open: TimelineOpen, reader: TimelineReader): ClientTimeline;
  write(request: ClientWrite, asker: Asker<Written>): void;
  list(question: ListQuestion, asker: Asker<ListPage>): void;
  keys(question: KeysQuestion, asker: Asker<readonly KeyOfUser[]>): void;
  /** Cancels all calls at once. `isSilent`: the connection may be dead, and must not be used again. */
  drop(isSilent: boolean): void;
  /** Lets all calls end in order. */
  leave(): void;
}

export class ServerLink implements SessionLink {
  readonly #reader: Reader;
  readonly #calls: ServerCalls;
  readonly #soon: Turns['soon'];
  readonly #feed: (input: SessionInput) => void;
  #timeline: ClientTimeline | undefined;
  /** The unanswered question on the timeline. */
  #asked: { readonly sendNo: number; readonly query: TimelineQuery } | undefined;
  #dropped = false;
  /** Session of the open timeline: its writes go over the timeline. */
  #sessionId: SessionId | undefined;
  /** Unanswered writes on the timeline: request number to send number. */
  readonly #unanswered = new Map<RequestNumber, number>();
  /** Writes of this turn: they go out as one message. */
  #gathered: TimelineWrite[] = [];

  /** @param feed passes inputs to the session's machine */
  constructor(
    reader: Reader,
    calls: ServerCalls,
    turns: Pick<Turns, 'soon'>,
    feed: (input: SessionInput) => void,
  ) {
    this.#reader = reader;
    this.#calls = calls;
    this.#soon = turns.soon;
    // After the link was dropped nothing is fed any more, even if answers still arrive.
    this.#feed = (input) => {
      if (!this.#dropped) feed(input);
    };
  }

  open({ link, target, sessionId, resumeAfter, history, posts }: OutputOf<'open'>): void {
    const { epoch } = target;
    this.#sessionId = sessionId;
    this.#timeline = this.#calls.openTimeline(
      { ...this.#reader, sessionId, epoch, resumeAfter, history, posts, signs: true },
      {
        heard: (news) => this.#take(link, news),
        ended: ({ reason, detail }) => this.#feed({ kind: 'link-lost', link, reason, detail }),
      },
    );
  }

  giveSign(): void {
    this.#timeline?.giveSign();
  }

  /**
   * Sends over the timeline when it is open; before that as a call: the login, and requests together with it.
   */
  send(output: OutputOf<'send'>): void {
    const { sendNo, sessionId, requestNo, command } = output;
    if (command.kind === 'register' || this.#timeline === undefined || sessionId !== this.#sessionId)
      return this.#sendAlone(output);
    this.#unanswered.set(requestNo, sendNo);
    this.#gathered.push({ requestNo, command });
    if (this.#gathered.length === 1) this.#soon(() => this.#sendGathered());
  }

  ask({ sendNo, target, query }: OutputOf<'ask'>): void {
    if (query.kind === 'keys') return this.#askKeys(sendNo, target);
    if (query.kind !== 'list') {
      this.#asked = { sendNo, query };
      this.#timeline?.ask(query);
      return;
    }
    const { after, limit } = query;
    this.#calls.list(
      { user: this.#reader.user, epoch: target.epoch, after, limit },
      {
        answered: (lists) => this.#feed({ kind: 'query-answered', sendNo, answer: { kind: 'lists', lists } }),
        failed: ({ reason, detail }) => this.#feed({ kind: 'query-failed', sendNo, reason, detail }),
      },
    );
  }

  #askKeys(sendNo: number, { epoch }: OutputOf<'ask'>['target']): void {
    this.#calls.keys(
      { user: this.#reader.user, epoch },
      {
        answered: (keys) => this.#feed({ kind: 'query-answered', sendNo, answer: { kind: 'keys', keys } }),
        failed: ({ reason, detail }) => this.#feed({ kind: 'query-failed', sendNo, reason, detail }),
      },
    );
  }

  drop(isSilent: boolean): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#timeline?.abort();
    this.#calls.drop(isSilent);
  }

  leave(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#sendGathered();
    this.#timeline?.close();
    this.#calls.leave();
  }

  #sendGathered(): void {
    const writes = this.#gathered;
    this.#gathered = [];
    if (writes.length > 0) this.#timeline?.write(writes);
  }

  #sendAlone({ sendNo, target, sessionId, requestNo, command }: OutputOf<'send'>): void {
    this.#calls.write(
      { sessionId, requestNo, epoch: target.epoch, command },
      {
        answered: ({ position, epoch }) => this.#feed({ kind: 'reply', sendNo, position, epoch }),
        failed: ({ reason, detail }) => this.#feed({ kind: 'request-failed', sendNo, reason, detail }),
      },
    );
  }

  #take(link: number, news: TimelineUpdate): void {
    if (this.#dropped) return;
    const { opened, posts, signs, written, refused } = news;
    for (const { requestNo, positions, epoch } of written)
      for (const [at, position] of positions.entries())
        this.#settle(requestNo + at, (sendNo) => this.#feed({ kind: 'reply', sendNo, position, epoch }));
    for (const { requestNo, reason, detail } of refused)
      this.#settle(requestNo, (sendNo) => this.#feed({ kind: 'request-failed', sendNo, reason, detail }));
    if (signs !== undefined) this.#feed({ kind: 'sign', link, signs });
    if (opened !== undefined) this.#feed({ kind: 'connected', link, ...opened });
    // Every message is a sign of life; one without posts is only that.
    const isAnswer = written.length + refused.length > 0 || news.answered !== undefined;
    if (posts.length > 0 || isAnswer) this.#feed({ kind: 'posts', link, posts });
    const asked = this.#asked;
    const answer = asked && answerTo(asked.query, news);
    if (asked === undefined || answer === undefined) return;
    this.#asked = undefined;
    this.#feed({ kind: 'query-answered', sendNo: asked.sendNo, answer });
  }

  /** Ignores a write that is no longer waited for, or was never sent. */
  #settle(requestNo: RequestNumber, tell: (sendNo: number) => void): void {
    const sendNo = this.#unanswered.get(requestNo);
    if (sendNo === undefined) return;
    this.#unanswered.delete(requestNo);
    tell(sendNo);
  }
}

function answerTo(query: TimelineQuery, { page, answered }: TimelineUpdate): QueryAnswer | undefined {
  switch (query.kind) {
    case 'older':
      if (page?.before !== query.before) return undefined;
      return { kind: 'page', page: { posts: page.posts, oldest: page.oldest } };
    case 'answered':
      return answered?.of === query.of ? { kind: 'answered', post: answered.post } : undefined;
    default:
      return unreachable(query);
  }
}
