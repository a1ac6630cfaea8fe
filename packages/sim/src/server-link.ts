/**
 * One link of a session to a server: its timeline, and the calls beside it. As `server-link.ts` of
 * `@dualping/client`.
 */
import type {
  Failure,
  Position,
  RequestNumber,
  SessionId,
  SessionInput,
  SessionOutput,
  UserName,
} from '@dualping/core';
import type { SessionLink, TimelineWrite, WriteAnswers } from '@dualping/runtime';
import { type Call, call } from './call.js';
import type { DiallerEnd } from './network.js';
import type { Process } from './process.js';
import type { StreamEnd, Wires } from './wires.js';

/** The driver's deadline for a call, ms. */
const REPLY_TIMEOUT_MS = 10_000;

type OutputOf<Kind extends SessionOutput['kind']> = Extract<SessionOutput, { kind: Kind }>;

export class ServerLink implements SessionLink {
  readonly #calls = new Set<Call>();
  #timeline: DiallerEnd<'timeline'> | undefined;
  #older: { readonly sendNo: number; readonly before: Position } | undefined;
  #dropped = false;
  readonly #writes = new Map<SessionId, number>();
  #sessionId: SessionId | undefined;
  /** Writes on the timeline without an answer, by request number: what their sending was called. */
  readonly #unanswered = new Map<RequestNumber, number>();
  /** Of this turn: they are one message. */
  #gathered: TimelineWrite[] = [];
  #paused = false;

  constructor(
    readonly process: Process,
    readonly address: string,
    readonly user: UserName,
    /** Also what names the user, of authors whom the user does not follow. */
    readonly mentions: boolean,
    readonly feed: (input: SessionInput) => void,
    /** So many writes of a session have no answer now. */
    readonly sent: (writesInFlight: number) => void,
  ) {}

  open({ link, target, sessionId, resumeAfter, history, posts }: OutputOf<'open'>): void {
    const { process, user } = this;
    const { epoch } = target;
    const { mentions } = this;
    const message = {
      kind: 'open',
      user,
      sessionId,
      epoch,
      resumeAfter,
      history,
      posts,
      mentions,
      signs: true,
    } as const;
    const end = process.network.dial(process, this.address, 'timeline', message);
    end.onMessage = (update) => this.#take(link, update);
    end.onEnd = (how) => {
      if (!this.#dropped) this.feed({ kind: 'link-lost', link, ...whyEnded(how) });
    };
    this.#timeline = end;
    this.#sessionId = sessionId;
    if (this.#paused) end.pause();
  }

  send(output: OutputOf<'send'>): void {
    const { sendNo, sessionId, requestNo, command } = output;
    if (command.kind === 'register' || this.#timeline === undefined || sessionId !== this.#sessionId)
      return this.#sendAlone(output);
    this.#unanswered.set(requestNo, sendNo);
    this.#count(sessionId, 1);
    this.sent(this.#writes.get(sessionId) ?? 0);
    this.#gathered.push({ requestNo, command });
    if (this.#gathered.length > 1) return;
    this.process.later(0, `${this.process.name} turn`, () => {
      const writes = this.#gathered;
      this.#gathered = [];
      this.#timeline?.send({ kind: 'writes', writes });
    });
  }

  #sendAlone({ sendNo, target, sessionId, requestNo, command }: OutputOf<'send'>): void {
    const { epoch } = target;
    this.#ask(
      'write',
      { kind: 'write', sessionId, requestNo, epoch, command },
      ({ position, epoch: inEpoch }) => this.feed({ kind: 'reply', sendNo, position, epoch: inEpoch }),
      (failure) => this.feed({ kind: 'request-failed', sendNo, ...failure }),
    );
    // One that was renewed is another session.
    this.sent(this.#writes.get(sessionId) ?? 0);
  }

  ask({ sendNo, target, query }: OutputOf<'ask'>): void {
    if (query.kind === 'older') {
      this.#older = { sendNo, before: query.before };
      this.#timeline?.send(query);
      return;
    }
    if (query.kind === 'answered') throw new Error('the people of the simulator do not ask for it');
    this.#ask(
      'list',
      { ...query, user: this.user, epoch: target.epoch },
      ({ lists }) => this.feed({ kind: 'query-answered', sendNo, answer: { kind: 'lists', lists } }),
      (failure) => this.feed({ kind: 'query-failed', sendNo, ...failure }),
    );
  }

  giveSign(): void {
    this.#timeline?.send({ kind: 'alive' });
  }

  /** The application stops reading its timeline, or goes on. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#timeline?.pause();
    else this.#timeline?.resume();
  }

  drop(): void {
    this.#dropped = true;
    this.#timeline?.abort();
    this.#timeline = undefined;
    for (const asked of this.#calls) asked.cancel();
    this.#calls.clear();
  }

  leave(): void {
    this.#dropped = true;
    this.#timeline?.close();
    this.#timeline = undefined;
  }

  #take(link: number, update: Wires['timeline']['down']): void {
    if (this.#dropped) return;
    switch (update.kind) {
      case 'answer':
        return this.#answered(link, update);
      case 'opened': {
        const { epoch, serverId, committed, signs } = update;
        return this.feed({ kind: 'connected', link, epoch, serverId, committed, signs });
      }
      case 'sign':
        return this.feed({ kind: 'sign', link, signs: update.signs });
      case 'posts':
        return this.feed({ kind: 'posts', link, posts: update.posts });
      case 'page': {
        const older = this.#older;
        if (older === undefined || older.before !== update.before) return;
        this.#older = undefined;
        const { posts, oldest } = update;
        const answer = { kind: 'page', page: { posts, oldest } } as const;
        return this.feed({ kind: 'query-answered', sendNo: older.sendNo, answer });
      }
    }
  }

  /** Whatever comes says that the server is there; what is said by no posts is just that. */
  #answered(link: number, { written, refused }: WriteAnswers): void {
    for (const { requestNo, positions, epoch } of written)
      for (const [at, position] of positions.entries())
        this.#settle(requestNo + at, (sendNo) => this.feed({ kind: 'reply', sendNo, position, epoch }));
    for (const { requestNo, reason, detail } of refused)
      this.#settle(requestNo, (sendNo) => this.feed({ kind: 'request-failed', sendNo, reason, detail }));
    this.feed({ kind: 'posts', link, posts: [] });
  }

  /** Not of a write that nobody waits for any more, or never sent. */
  #settle(requestNo: RequestNumber, tell: (sendNo: number) => void): void {
    const sendNo = this.#unanswered.get(requestNo);
    if (sendNo === undefined || this.#dropped) return;
    this.#unanswered.delete(requestNo);
    if (this.#sessionId !== undefined) this.#count(this.#sessionId, -1);
    tell(sendNo);
  }

  #count(sessionId: SessionId, change: number): void {
    this.#writes.set(sessionId, (this.#writes.get(sessionId) ?? 0) + change);
  }

  #ask<K extends 'write' | 'list'>(
    kind: K,
    question: Wires[K]['up'],
    answered: (answer: Wires[K]['down']) => void,
    failed: (failure: Failure) => void,
  ): void {
    const broken = kind === 'write' ? 'may-have-happened' : 'server-unreachable';
    const count = (change: number): void => {
      if ('sessionId' in question) this.#count(question.sessionId, change);
    };
    count(1);
    const over = (): void => {
      this.#calls.delete(asked);
      count(-1);
    };
    const asked: Call = call(this.process, this.address, kind, question, REPLY_TIMEOUT_MS, broken, {
      answered: (answer) => {
        over();
        if (!this.#dropped) answered(answer);
      },
      failed: (failure) => {
        over();
        if (!this.#dropped) failed(failure);
      },
    });
    this.#calls.add(asked);
  }
}

function whyEnded(end: StreamEnd): Failure {
  if (end.kind === 'broken') return { reason: 'server-unreachable', detail: 'the connection broke' };
  return end.failure ?? { reason: 'shutting-down', detail: 'the server ended the timeline' };
}
