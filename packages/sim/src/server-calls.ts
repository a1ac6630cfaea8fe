/** What the link of a simulated client has to a server: a timeline, and the calls beside it. */
import type {
  ClientWrite,
  Failure,
  ListPage,
  ListQuestion,
  SessionId,
  TimelineUpdate,
  TimelineWrite,
  Written,
} from '@dualping/core';
import type { Asker, ClientTimeline, ServerCalls, TimelineOpen, TimelineReader } from '@dualping/runtime';
import { type Call, call } from './call.js';
import type { DiallerEnd } from './network.js';
import type { Process } from './process.js';
import type { StreamEnd, Wires } from './wires.js';

/** The driver's deadline for a call, ms. */
const REPLY_TIMEOUT_MS = 10_000;

const NOTHING: TimelineUpdate = {
  posts: [],
  written: [],
  refused: [],
  opened: undefined,
  page: undefined,
  signs: undefined,
  answered: undefined,
};

export class SimulatedServerCalls implements ServerCalls {
  readonly #calls = new Set<Call>();
  #timeline: DiallerEnd<'timeline'> | undefined;
  #sessionId: SessionId = '';
  /** Of each session how many writes have no answer. */
  readonly #writes = new Map<SessionId, number>();
  #paused = false;

  constructor(
    readonly process: Process,
    readonly address: string,
    /** So many writes of a session have no answer now. */
    readonly asked: (writesInFlight: number) => void,
  ) {}

  openTimeline(open: TimelineOpen, reader: TimelineReader): ClientTimeline {
    const { process } = this;
    const end = process.network.dial(process, this.address, 'timeline', { kind: 'open', ...open });
    end.onMessage = (update) => {
      if (update.kind === 'answer') this.#answered(open.sessionId, update);
      reader.heard(updateFrom(update));
    };
    end.onEnd = (how) => reader.ended(whyEnded(how));
    this.#timeline = end;
    this.#sessionId = open.sessionId;
    if (this.#paused) end.pause();
    return {
      write: (writes) => this.#write(end, writes),
      ask: (query) => {
        end.send(query);
      },
      giveSign: () => {
        end.send({ kind: 'alive' });
      },
      close: () => end.close(),
      abort: () => end.abort(),
    };
  }

  write(request: ClientWrite, asker: Asker<Written>): void {
    const { sessionId } = request;
    this.#count(sessionId, 1);
    const over = (): void => this.#count(sessionId, -1);
    this.#ask('write', { kind: 'write', ...request }, 'may-have-happened', {
      answered: ({ position, epoch }) => {
        over();
        asker.answered({ position, epoch });
      },
      failed: (failure) => {
        over();
        asker.failed(failure);
      },
    });
    this.asked(this.#writes.get(sessionId) ?? 0);
  }

  list(question: ListQuestion, asker: Asker<ListPage>): void {
    this.#ask('list', { kind: 'list', ...question }, 'server-unreachable', {
      answered: ({ lists }) => asker.answered(lists),
      failed: asker.failed,
    });
  }

  keys(): void {
    throw new Error('the people of the simulator do not ask for keys');
  }

  /** The application stops reading its timeline, or goes on. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#timeline?.pause();
    else this.#timeline?.resume();
  }

  drop(): void {
    for (const asked of this.#calls) asked.cancel();
    this.#calls.clear();
  }

  /** They end by themselves. */
  leave(): void {}

  #write(end: DiallerEnd<'timeline'>, writes: readonly TimelineWrite[]): void {
    this.#count(this.#sessionId, writes.length);
    this.asked(this.#writes.get(this.#sessionId) ?? 0);
    end.send({ kind: 'writes', writes });
  }

  #answered(sessionId: SessionId, { written, refused }: Pick<TimelineUpdate, 'written' | 'refused'>): void {
    const done = written.reduce((sum, { positions }) => sum + positions.length, 0);
    this.#count(sessionId, -done - refused.length);
  }

  #count(sessionId: SessionId, change: number): void {
    this.#writes.set(sessionId, (this.#writes.get(sessionId) ?? 0) + change);
  }

  #ask<K extends 'write' | 'list'>(
    kind: K,
    question: Wires[K]['up'],
    broken: Failure['reason'],
    asker: Asker<Wires[K]['down']>,
  ): void {
    const asked: Call = call(this.process, this.address, kind, question, REPLY_TIMEOUT_MS, broken, {
      answered: (answer) => {
        this.#calls.delete(asked);
        asker.answered(answer);
      },
      failed: (failure) => {
        this.#calls.delete(asked);
        asker.failed(failure);
      },
    });
    this.#calls.add(asked);
  }
}

function updateFrom(update: Wires['timeline']['down']): TimelineUpdate {
  switch (update.kind) {
    case 'opened':
      return { ...NOTHING, opened: withoutKind(update) };
    case 'sign':
      return { ...NOTHING, signs: update.signs };
    case 'posts':
      return { ...NOTHING, posts: update.posts };
    case 'page':
      return { ...NOTHING, page: withoutKind(update) };
    case 'answered':
      return { ...NOTHING, answered: withoutKind(update) };
    case 'answer':
      return { ...NOTHING, written: update.written, refused: update.refused };
  }
}

const withoutKind = <Update extends { readonly kind: string }>({
  kind: _,
  ...rest
}: Update): Omit<Update, 'kind'> => rest;

function whyEnded(end: StreamEnd): Failure {
  if (end.kind === 'broken') return { reason: 'server-unreachable', detail: 'the connection broke' };
  return end.failure ?? { reason: 'shutting-down', detail: 'the server ended the timeline' };
}
