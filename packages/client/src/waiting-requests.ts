/** What a program has asked of its session, until each has its outcome. */
import {
  DualpingError,
  type Epoch,
  type Position,
  type QueryAnswer,
  type QueryResult,
  type RequestResult,
  type SessionCommand,
  type SessionInput,
  type SessionQuery,
  unreachable,
} from '@dualping/core';
import { Observable, Subject } from 'rxjs';
import { abortable, type CallOptions } from './abortable.js';

/** The answer to a write, which is durable on every in-sync server. */
export interface Written {
  /** Position of its entry in the cluster's journal; it identifies a post. */
  readonly position: Position;
  readonly epoch: Epoch;
}

/** A write that is not acknowledged yet. */
export interface PendingWrite {
  /** Rises with each write of the session. */
  readonly id: number;
  readonly command: SessionCommand;
}

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: DualpingError): void;
}

export class WaitingRequests {
  readonly #feed: (input: SessionInput) => void;
  readonly #writes = new Map<number, Waiting<Written> & PendingWrite>();
  readonly #writesChanged = new Subject<void>();
  readonly #reads = new Map<number, Waiting<QueryAnswer>>();
  #lastTicket = 0;

  /** Emits `pending` at once, then at each change. */
  readonly pending$: Observable<readonly PendingWrite[]> = new Observable((subscriber) => {
    subscriber.next(this.pending);
    return this.#writesChanged.subscribe({
      next: () => subscriber.next(this.pending),
      complete: () => subscriber.complete(),
    });
  });

  /** @param feed gives the session an input */
  constructor(feed: (input: SessionInput) => void) {
    this.#feed = feed;
  }

  /** Writes that are not acknowledged yet, oldest first. */
  get pending(): readonly PendingWrite[] {
    return [...this.#writes.values()].map(({ id, command }) => ({ id, command }));
  }

  write(command: SessionCommand, options: CallOptions = {}): Promise<Written> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason); // nothing has been sent: it never will be
    const written = new Promise<Written>((resolve, reject) => {
      this.#lastTicket += 1;
      const ticket = this.#lastTicket;
      this.#writes.set(ticket, { id: ticket, command, resolve, reject });
      this.#feed({ kind: 'submit', ticket, command });
      this.#writesChanged.next();
    });
    return abortable(written, options);
  }

  read(query: SessionQuery, options: CallOptions = {}): Promise<QueryAnswer> {
    const answered = new Promise<QueryAnswer>((resolve, reject) => {
      this.#lastTicket += 1;
      this.#reads.set(this.#lastTicket, { resolve, reject });
      this.#feed({ kind: 'query', ticket: this.#lastTicket, query });
    });
    return abortable(answered, options);
  }

  /** A write has its outcome. */
  settled(ticket: number, result: RequestResult): void {
    const write = this.#writes.get(ticket);
    if (write === undefined) return;
    this.#writes.delete(ticket);
    switch (result.kind) {
      case 'ok':
        write.resolve({ position: result.position, epoch: result.epoch });
        break;
      case 'refused':
        write.reject(new DualpingError(result.reason, result.detail));
        break;
      case 'may-have-happened':
        write.reject(new DualpingError('may-have-happened', `${result.reason}: ${result.detail}`));
        break;
      default:
        unreachable(result);
    }
    this.#writesChanged.next();
  }

  /** A read has its outcome. */
  querySettled(ticket: number, result: QueryResult): void {
    const read = this.#reads.get(ticket);
    if (read === undefined) return;
    this.#reads.delete(ticket);
    if (result.kind === 'answered') read.resolve(result.answer);
    else read.reject(new DualpingError(result.reason, result.detail));
  }

  /** The session has ended, and everything is settled. */
  complete(): void {
    this.#writesChanged.complete();
  }
}
