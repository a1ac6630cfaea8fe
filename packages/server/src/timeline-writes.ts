/**
 * Writes on a Timeline: several may come in a message, and what is done in one turn is answered in one
 * message.
 *
 * Done writes are told as runs of numbers without a gap: requests of one session are journalled, and
 * committed, in their order.
 */
import {
  DualpingError,
  type Epoch,
  type Position,
  type RequestNumber,
  SESSION_WINDOW,
  type SessionCommand,
  type SessionId,
  type Token,
  type UserName,
} from '@dualping/core';
import {
  type BidiStream,
  type JudgedWrite,
  type TimelineOut,
  type TimelineRefused,
  timelineUpdateToWire,
  type Written,
} from '@dualping/protocol';

/** The writer, as named in `open`. */
export interface Writer {
  readonly user: UserName;
  readonly sessionId: SessionId;
  readonly epoch: Epoch;
}

/** Gives a write to the machine; `answer` is called once, at once or later, unless the write is abandoned. */
export type TakeWrite = (
  write: Writer & { readonly requestNo: RequestNumber; readonly command: SessionCommand },
  answer: (result: Written | DualpingError) => void,
) => Token;

/**
 * Most writes of one timeline that have no answer, or whose answer has not left yet: twice what a session may
 * have unanswered, because a client may write again before this server learns that an answer has left.
 */
export const MAX_UNANSWERED_WRITES = 2 * SESSION_WINDOW;

interface Run {
  readonly requestNo: RequestNumber;
  readonly positions: Position[];
  readonly epoch: Epoch;
}

export class TimelineWrites {
  readonly #waiting = new Set<Token>();
  /** How many answers have not left for the client. */
  #unsent = 0;
  #runs: Run[] = [];
  #refused: TimelineRefused[] = [];
  #isDue = false;

  constructor(
    readonly stream: BidiStream<TimelineOut>,
    readonly writer: Writer,
    readonly take: TakeWrite,
    readonly abandon: (token: Token) => void,
  ) {}

  /** @throws DualpingError `busy` for a client that leaves its answers unread */
  add(writes: readonly JudgedWrite[]): void {
    if (this.#waiting.size + this.#unsent + writes.length > MAX_UNANSWERED_WRITES)
      throw new DualpingError(
        'busy',
        `more than ${MAX_UNANSWERED_WRITES} writes of this timeline wait, or have answers that are not read`,
      );
    for (const write of writes)
      if ('command' in write) this.#take(write.requestNo, write.command);
      else this.#refuse(write);
  }

  /** Sends the answers so far, before the stream is closed. */
  flush(): void {
    const written = this.#runs;
    const refused = this.#refused;
    if (written.length + refused.length === 0) return;
    this.#runs = [];
    this.#refused = [];
    const answers = refused.length + written.reduce((sum, { positions }) => sum + positions.length, 0);
    this.stream.send(timelineUpdateToWire({ written, refused }), () => {
      this.#unsent -= answers;
    });
  }

  /** The stream has ended: answers are not needed any more. */
  end(): void {
    for (const token of this.#waiting) this.abandon(token);
    this.#waiting.clear();
  }

  #take(requestNo: RequestNumber, command: SessionCommand): void {
    let token: Token | undefined;
    let isAnswered = false;
    token = this.take({ ...this.writer, requestNo, command }, (result) => {
      isAnswered = true;
      if (token !== undefined) this.#waiting.delete(token);
      if (result instanceof DualpingError)
        this.#refuse({ requestNo, reason: result.reason, detail: result.detail });
      else this.#done(requestNo, result);
    });
    if (!isAnswered) this.#waiting.add(token);
  }

  #done(requestNo: RequestNumber, { position, epoch }: Written): void {
    const last = this.#runs.at(-1);
    if (last?.epoch === epoch && last.requestNo + last.positions.length === requestNo)
      last.positions.push(position);
    else this.#runs.push({ requestNo, positions: [position], epoch });
    this.#flushSoon();
  }

  #refuse(refused: TimelineRefused): void {
    this.#refused.push(refused);
    this.#flushSoon();
  }

  /** Sends the answers after the machine has performed all outputs of this moment. */
  #flushSoon(): void {
    this.#unsent += 1;
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.flush();
    });
  }
}
