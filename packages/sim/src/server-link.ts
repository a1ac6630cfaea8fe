/**
 * One link of a session to a server: its timeline, and the calls beside it. As `server-link.ts` of
 * `@dualping/client`.
 */
import type {
  Command,
  Failure,
  Position,
  RequestNumber,
  SessionId,
  SessionInput,
  SessionOutput,
  UserName,
} from '@dualping/core';
import type { SessionLink } from '@dualping/runtime';
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
  /** The send numbers of unanswered writes on the timeline, by request number. */
  readonly #unanswered = new Map<RequestNumber, number>();
  /** Writes of this turn: they are sent in one message. */
  #gathered: { readonly requestNo: RequestNumber; readonly command: Command }[] = [];
  #paused = false;

  constructor(
    readonly process: Process,
    readonly address: string,
    readonly user: UserName,
    /** Also posts that name the user, of authors whom the user does not follow. */
    readonly mentions: boolean,
    readonly feed: (input: SessionInput) => void,
    /** Called with the number of a session's unanswered writes when it changes. */
    readonly sent: (writesInFlight: number) => void,
  ) {}

  open({ link, target, sessionId, resumeAfter, history, posts }: OutputOf<'open'>): void {
    const { process, user } = this;
    const { epoch } = target;
    const { mentions } = this;
    const message = {
      kind: 'open',
      user,
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
    const { sendNo, target, sessionId, requestNo, command } = output;
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
      this.#timeline?.send({ kind: 'writes', sessionId, epoch: target.epoch, writes });
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
    // A renewed session is another session.
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
        return this.#answered(update);
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

  #answered({ requestNo, answer }: Extract<Wires['timeline']['down'], { kind: 'answer' }>): void {
    const sendNo = this.#unanswered.get(requestNo);
    if (sendNo === undefined) return;
    this.#unanswered.delete(requestNo);
    if (this.#sessionId !== undefined) this.#count(this.#sessionId, -1);
    if (answer.kind === 'failed')
      return this.feed({ kind: 'request-failed', sendNo, reason: answer.reason, detail: answer.detail });
    const { position, epoch } = answer;
    this.feed({ kind: 'reply', sendNo, position, epoch });
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
