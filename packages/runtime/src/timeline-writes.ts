/**
 * Writes on a Timeline: several may come in a message, and all writes settled in one turn are answered in one
 * message.
 *
 * Done writes are answered as runs of numbers without a gap: requests of one session are journalled, and
 * committed, in their order.
 */
import {
  DualpingError,
  type Epoch,
  type Position,
  type PublicKey,
  type RequestNumber,
  SESSION_WINDOW,
  type SessionCommand,
  type SessionId,
  type TimelineRefused,
  type TimelineUpdate,
  type TimelineWrite,
  type TimelineWritten,
  type Token,
  type UserName,
  type Written,
} from '@dualping/core';
import type { Asker } from './session-driver.js';
import type { Turns } from './turns.js';

/** The writer, as named in `open`. */
export interface Writer {
  readonly user: UserName;
  readonly sessionId: SessionId;
  readonly epoch: Epoch;
  /** The key that the writer has shown, if any. */
  readonly by?: PublicKey | undefined;
}

/** The outcomes of several writes. */
export type WriteAnswers = Pick<TimelineUpdate, 'written' | 'refused'>;

export interface TimelineWritesPorts {
  /** Gives a write to the machine; it is answered once, immediately or later, unless it is abandoned. */
  take(write: Writer & TimelineWrite, asker: Asker<Written>): Token;
  abandon(token: Token): void;
  /** `left` is called in a later turn, when they were sent. */
  send(answers: WriteAnswers, left: () => void): void;
  readonly soon: Turns['soon'];
}

/**
 * Most writes of one timeline without an answer, or with an unsent answer: twice what a session may have
 * unanswered, because a client may write again before this server learns that an answer was sent.
 */
const MAX_UNANSWERED_WRITES = 2 * SESSION_WINDOW;

interface Run extends TimelineWritten {
  readonly positions: Position[];
}

export class TimelineWrites {
  readonly #waiting = new Set<Token>();
  /** How many answers are not sent yet. */
  #unsent = 0;
  #runs: Run[] = [];
  #refused: TimelineRefused[] = [];
  #isDue = false;

  constructor(
    readonly writer: Writer,
    readonly ports: TimelineWritesPorts,
  ) {}

  /** @throws DualpingError `busy` for a client that leaves its answers unread */
  add(writes: readonly (TimelineWrite | TimelineRefused)[]): void {
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
    this.ports.send({ written, refused }, () => {
      this.#unsent -= answers;
    });
  }

  /** The stream has ended: answers are not needed any more. */
  end(): void {
    for (const token of this.#waiting) this.ports.abandon(token);
    this.#waiting.clear();
  }

  #take(requestNo: RequestNumber, command: SessionCommand): void {
    let token: Token | undefined;
    let isAnswered = false;
    const over = (): void => {
      isAnswered = true;
      if (token !== undefined) this.#waiting.delete(token);
    };
    token = this.ports.take(
      { ...this.writer, requestNo, command },
      {
        answered: (written) => {
          over();
          this.#done(requestNo, written);
        },
        failed: ({ reason, detail }) => {
          over();
          this.#refuse({ requestNo, reason, detail });
        },
      },
    );
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

  /** Sends the answers after all outputs of this moment have been performed. */
  #flushSoon(): void {
    this.#unsent += 1;
    if (this.#isDue) return;
    this.#isDue = true;
    this.ports.soon(() => {
      this.#isDue = false;
      this.flush();
    });
  }
}
