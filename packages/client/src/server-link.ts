/** One link of a session to a server: its timeline, and its other calls in flight. */
import {
  DualpingError,
  type QueryAnswer,
  REPLY_TIMEOUT_MS,
  type RequestNumber,
  type SessionId,
  type SessionInput,
  type SessionOutput,
  type SessionQuery,
  type UserName,
  unreachable,
} from '@dualping/core';
import {
  type BidiStream,
  clientStream,
  fromServiceError,
  listPageFromWire,
  listQuestionToWire,
  NO_METADATA,
  requestToWire,
  type StreamEnd,
  type socialWire,
  type TimelineUpdate,
  type TimelineWrite,
  timelineMessageToWire,
  timelineUpdateFromWire,
  timelineWritesToWire,
  writtenFromWire,
} from '@dualping/protocol';
import type { SessionLink } from '@dualping/runtime';
import type { ClientUnaryCall, ServiceError } from '@grpc/grpc-js';
import type { ServerChannel } from './server-connections.js';
import { LEAVE_TIMEOUT_MS } from './timeouts.js';

type OutputOf<Kind extends SessionOutput['kind']> = Extract<SessionOutput, { kind: Kind }>;
type TimelineQuery = Exclude<SessionQuery, { kind: 'list' }>;
type Callback<Response> = (error: ServiceError | null, response: Response) => void;

/** The user of a timeline, and which posts it shall have. */
export interface Reader {
  readonly user: UserName;
  /** Also posts that name the user, by authors whom the user does not follow. */
  readonly mentions: boolean;
}

export class ServerLink implements SessionLink {
  readonly #user: UserName;
  readonly #mentions: boolean;
  readonly #channel: ServerChannel;
  readonly #feed: (input: SessionInput) => void;
  /** Calls in flight, including the timeline's. */
  readonly #calls = new Set<Pick<ClientUnaryCall, 'cancel'>>();
  #timeline: BidiStream<socialWire.TimelineRequest> | undefined;
  /** The question on the timeline that is not answered yet. */
  #asked: { readonly sendNo: number; readonly query: TimelineQuery } | undefined;
  #dropped = false;
  /** Session of the open timeline: writes of this session go over it. */
  #sessionId: SessionId | undefined;
  /** Unanswered writes on the timeline: request number to send number. */
  readonly #unanswered = new Map<RequestNumber, number>();
  /** Writes of this turn: they go out as one message. */
  #gathered: TimelineWrite[] = [];
  #patience: NodeJS.Timeout | undefined;

  /** @param feed passes inputs to the session's machine */
  constructor({ user, mentions }: Reader, channel: ServerChannel, feed: (input: SessionInput) => void) {
    this.#user = user;
    this.#mentions = mentions;
    this.#channel = channel;
    this.#feed = feed;
  }

  open({ link, target, sessionId, resumeAfter, history, posts }: OutputOf<'open'>): void {
    const call = this.#channel.client.timeline();
    this.#calls.add(call);
    call.on('status', () => this.#over(call));
    const timeline = clientStream<socialWire.TimelineResponse, socialWire.TimelineRequest>(
      call,
      {
        onMessage: (response) => this.#take(link, response),
        onEnd: (end) => {
          if (!this.#dropped) this.#feed({ kind: 'link-lost', link, ...whyEnded(end) });
        },
      },
      'server',
    );
    this.#timeline = timeline;
    this.#sessionId = sessionId;
    timeline.send(
      timelineMessageToWire({
        kind: 'open',
        user: this.#user,
        sessionId,
        epoch: target.epoch,
        resumeAfter,
        history,
        posts,
        signs: true,
        mentions: this.#mentions,
      }),
    );
  }

  giveSign(): void {
    this.#timeline?.send(timelineMessageToWire({ kind: 'alive' }));
  }

  /**
   * Sends over the timeline once it is open; before that by a call: the login, and requests that come with
   * it.
   */
  send(output: OutputOf<'send'>): void {
    const { sendNo, sessionId, requestNo, command } = output;
    if (command.kind === 'register' || this.#timeline === undefined || sessionId !== this.#sessionId)
      return this.#sendAlone(output);
    this.#unanswered.set(requestNo, sendNo);
    this.#gathered.push({ requestNo, command });
    if (this.#gathered.length === 1) queueMicrotask(() => this.#sendGathered());
  }

  #sendGathered(): void {
    const writes = this.#gathered;
    this.#gathered = [];
    for (const message of timelineWritesToWire(writes)) this.#timeline?.send(message);
  }

  #sendAlone({ sendNo, target, sessionId, requestNo, command }: OutputOf<'send'>): void {
    const wire = requestToWire({ sessionId, requestNo, epoch: target.epoch, command });
    const { client } = this.#channel;
    this.#call<socialWire.WriteResponse>(
      (options, done) => {
        switch (wire.call) {
          case 'login':
            return client.login(wire.request, NO_METADATA, options, done);
          case 'follow':
            return client.follow(wire.request, NO_METADATA, options, done);
          case 'unfollow':
            return client.unfollow(wire.request, NO_METADATA, options, done);
          case 'post':
            return client.post(wire.request, NO_METADATA, options, done);
        }
      },
      (response) => this.#feed({ kind: 'reply', sendNo, ...writtenFromWire(response) }),
      (error) => this.#feed({ kind: 'request-failed', sendNo, reason: error.reason, detail: error.detail }),
      true,
    );
  }

  ask({ sendNo, target, query }: OutputOf<'ask'>): void {
    if (query.kind !== 'list') {
      this.#asked = { sendNo, query };
      this.#timeline?.send(timelineMessageToWire(query));
      return;
    }
    const { after, limit } = query;
    const request = listQuestionToWire({ user: this.#user, epoch: target.epoch, after, limit });
    this.#call<socialWire.ListResponse>(
      (options, done) => this.#channel.client.list(request, NO_METADATA, options, done),
      (response) => {
        const answer = { kind: 'lists', lists: listPageFromWire(response) } as const;
        this.#feed({ kind: 'query-answered', sendNo, answer });
      },
      (error) => this.#feed({ kind: 'query-failed', sendNo, reason: error.reason, detail: error.detail }),
      false,
    );
  }

  /**
   * Leaves a server that is lost, or no longer primary: ends everything at once, and feeds nothing more.
   *
   * @param isSilent the connection may be dead, and must not be used again
   */
  drop(isSilent: boolean): void {
    if (this.#dropped) return;
    this.#dropped = true;
    if (isSilent) this.#channel.abandon();
    this.#timeline?.abort();
    for (const call of this.#calls) call.cancel();
    this.#channel.release();
  }

  /**
   * Ends everything in order, for a session that ends while others continue on the same connection: HTTP/2
   * regards many cancelled calls as an attack, and would end the connection. Feeds nothing more.
   */
  leave(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#sendGathered();
    this.#timeline?.close();
    if (this.#calls.size === 0) return this.#channel.release();
    this.#patience = setTimeout(() => {
      for (const call of this.#calls) call.cancel();
    }, LEAVE_TIMEOUT_MS);
  }

  #over(call: Pick<ClientUnaryCall, 'cancel'>): void {
    this.#calls.delete(call);
    if (!this.#dropped || this.#calls.size > 0) return;
    clearTimeout(this.#patience);
    this.#channel.release();
  }

  #take(link: number, response: socialWire.TimelineResponse): void {
    if (this.#dropped) return;
    let update: ReturnType<typeof timelineUpdateFromWire>;
    try {
      update = timelineUpdateFromWire(response);
    } catch (error) {
      this.#feed({ kind: 'link-lost', link, ...nonsense(error) });
      return;
    }
    const { opened, posts, signs, written, refused } = update;
    for (const { requestNo, positions, epoch } of written)
      for (const [at, position] of positions.entries())
        this.#settle(requestNo + at, (sendNo) => this.#feed({ kind: 'reply', sendNo, position, epoch }));
    for (const { requestNo, reason, detail } of refused)
      this.#settle(requestNo, (sendNo) => this.#feed({ kind: 'request-failed', sendNo, reason, detail }));
    if (signs !== undefined) this.#feed({ kind: 'sign', link, signs });
    if (opened !== undefined) this.#feed({ kind: 'connected', link, ...opened });
    // Every message is a sign of life; one with no posts is only that.
    const isAnswer = written.length + refused.length > 0 || update.answered !== undefined;
    if (posts.length > 0 || isAnswer) this.#feed({ kind: 'posts', link, posts });
    const asked = this.#asked;
    const answer = asked && answerTo(asked.query, update);
    if (asked === undefined || answer === undefined) return;
    this.#asked = undefined;
    this.#feed({ kind: 'query-answered', sendNo: asked.sendNo, answer });
  }

  /** Ignores a write that is no longer waited for, or was never sent. */
  #settle(requestNo: RequestNumber, tell: (sendNo: number) => void): void {
    const sendNo = this.#unanswered.get(requestNo);
    if (sendNo === undefined || this.#dropped) return;
    this.#unanswered.delete(requestNo);
    tell(sendNo);
  }

  #call<Response>(
    start: (options: { deadline: number }, done: Callback<Response>) => ClientUnaryCall,
    onAnswer: (response: Response) => void,
    onFailure: (error: DualpingError) => void,
    writes: boolean,
  ): void {
    const call = start({ deadline: Date.now() + REPLY_TIMEOUT_MS }, (error, response) => {
      this.#over(call);
      if (this.#dropped) return;
      if (error !== null) {
        onFailure(fromServiceError(error, { sent: writes, peer: 'server' }));
        return;
      }
      try {
        onAnswer(response);
      } catch (cause) {
        const { reason, detail } = nonsense(cause);
        onFailure(new DualpingError(reason, detail, { cause }));
      }
    });
    this.#calls.add(call);
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

/**
 * A message that the codec refuses: no dualping server sends it. Any other error is a bug of ours, and is not
 * hidden.
 */
function nonsense(error: unknown): { readonly reason: 'not-a-server'; readonly detail: string } {
  if (!(error instanceof DualpingError)) throw error;
  return { reason: 'not-a-server', detail: `the server answered what no server says: ${error.detail}` };
}

function whyEnded(end: StreamEnd): Pick<DualpingError, 'reason' | 'detail'> {
  if (end.kind === 'broken' && end.error !== undefined)
    return { reason: end.error.reason, detail: end.error.detail };
  return end.kind === 'broken'
    ? { reason: 'server-unreachable', detail: 'the connection to the server broke' }
    : { reason: 'shutting-down', detail: 'the server ended the timeline' };
}
