/**
 * A session for one user of one classic connection. This wire has no request numbers, so each request gets
 * the next number here, in the order of arrival.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, DualpingError, isKeyReason, SOCIAL_REASONS, type UserName } from '@dualping/core';
import type { socialWire } from '@dualping/protocol';
import type { ServiceContext } from '../services.js';

/** How long a request waits after a limit has refused it, ms: at ten a second the next is due by then. */
const ASK_AGAIN_MS = 100;

/** Whether an entry has this outcome. For a name with keys the refusal comes without an entry. */
const isSocial = ({ reason }: DualpingError): boolean =>
  Object.hasOwn(SOCIAL_REASONS, reason) && !isKeyReason(reason);

export class ClassicSession {
  readonly #id = `classic-${randomUUID()}`;
  #lastRequest = 0;
  #isOver = false;
  /** The last request that a limit has refused and that will be repeated. */
  #limited: number | undefined;

  constructor(
    readonly context: ServiceContext,
    readonly user: UserName,
  ) {}

  /** Whether a request was refused and its number not used: the next one would leave a gap. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async login(): Promise<socialWire.WriteResponse> {
    return await this.write({ kind: 'register', user: this.user });
  }

  /**
   * Rejects with a `DualpingError`; one with a social reason is an answer, and the session goes on. A request
   * that a limit refuses, and those after it, are repeated until they are accepted: this wire can't ask its
   * client to do that.
   */
  async write(command: Command): Promise<socialWire.WriteResponse> {
    this.#lastRequest += 1;
    const requestNo = this.#lastRequest;
    for (;;) {
      try {
        const written = await this.#ask(requestNo, command);
        this.#wentOn(requestNo);
        return written;
      } catch (error) {
        if (!(error instanceof DualpingError && this.#isToWait(requestNo, command, error))) {
          this.#wentOn(requestNo);
          if (!(error instanceof DualpingError && isSocial(error))) this.#isOver = true;
          throw error;
        }
      }
      await delay(ASK_AGAIN_MS, undefined, { ref: false });
    }
  }

  /** A login is not repeated: its client gets the refusal, and can wait itself. */
  #isToWait(requestNo: number, command: Command, { reason }: DualpingError): boolean {
    if (reason === 'limit-reached' && command.kind !== 'register') this.#limited = requestNo;
    else if (reason !== 'sequence-gap' || this.#limited === undefined || requestNo < this.#limited)
      return false;
    return true;
  }

  #wentOn(requestNo: number): void {
    if (this.#limited === requestNo) this.#limited = undefined;
  }

  async #ask(requestNo: number, command: Command): Promise<socialWire.WriteResponse> {
    const epoch = this.context.epochToExpect();
    return await new Promise((resolve, reject) => {
      this.context.driver.write(
        { sessionId: this.#id, requestNo, epoch, command },
        {
          answered: resolve,
          failed: ({ reason, detail }) => reject(new DualpingError(reason, detail)),
        },
      );
    });
  }
}
