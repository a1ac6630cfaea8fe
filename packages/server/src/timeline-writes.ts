/**
 * Writes on a Timeline: several may come in a message, and what is done in one turn is answered in one
 * message.
 *
 * Done ones are told as runs of numbers without a gap, which is how they come: requests of one session are
 * journalled, and committed, in their order.
 */
import {
  DualpingError,
  type Epoch,
  type Position,
  type RequestNumber,
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
  type TimelineWritten,
  timelineUpdateToWire,
  type Written,
} from '@dualping/protocol';

/** Who writes, as `open` has said. */
export interface Writer {
  readonly user: UserName;
  readonly sessionId: SessionId;
  readonly epoch: Epoch;
}

/** Takes a write to the machine; `answer` is called once, unless it is abandoned. */
export type TakeWrite = (
  write: Writer & { readonly requestNo: RequestNumber; readonly command: SessionCommand },
  answer: (result: Written | DualpingError) => void,
) => Token;

/** Answers that a client leaves unread, in messages: sixteen times as many as it may have unanswered. */
const MAX_UNREAD_MESSAGES = 1_024;

interface Run {
  readonly requestNo: RequestNumber;
  readonly positions: Position[];
  readonly epoch: Epoch;
}

export class TimelineWrites {
  readonly #waiting = new Set<Token>();
  #runs: Run[] = [];
  #refused: TimelineRefused[] = [];
  #isDue = false;

  constructor(
    readonly stream: BidiStream<TimelineOut>,
    readonly writer: Writer,
    readonly take: TakeWrite,
    readonly abandon: (token: Token) => void,
  ) {}

  add(writes: readonly JudgedWrite[]): void {
    for (const write of writes)
      if ('command' in write) this.#take(write.requestNo, write.command);
      else this.#refuse(write);
  }

  /** The stream has ended: nobody waits for the answers. */
  end(): void {
    for (const token of this.#waiting) this.abandon(token);
    this.#waiting.clear();
  }

  #take(requestNo: RequestNumber, command: SessionCommand): void {
    let isAnswered = false;
    const token = this.take({ ...this.writer, requestNo, command }, (result) => {
      isAnswered = true;
      this.#waiting.delete(token);
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
    this.#sendSoon();
  }

  #refuse(refused: TimelineRefused): void {
    this.#refused.push(refused);
    this.#sendSoon();
  }

  /** When the machine has said everything that this moment leads to. */
  #sendSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      const written: readonly TimelineWritten[] = this.#runs;
      const refused = this.#refused;
      this.#runs = [];
      this.#refused = [];
      if (this.stream.writableLength > MAX_UNREAD_MESSAGES)
        this.stream.close(
          new DualpingError('busy', `${MAX_UNREAD_MESSAGES} messages of this timeline are not read yet`),
        );
      else this.stream.send(timelineUpdateToWire({ written, refused }));
    });
  }
}
