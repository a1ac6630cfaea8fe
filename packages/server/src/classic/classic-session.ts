/**
 * A session for one user of one classic connection. That wire has no request numbers, so each request gets
 * the next number here, in the order of arrival.
 */
import { randomUUID } from 'node:crypto';
import { type Command, DualpingError, isKeyReason, SOCIAL_REASONS, type UserName } from '@dualping/core';
import type { socialWire } from '@dualping/protocol';
import type { ServiceContext } from '../services.js';

/** Whether an entry has this outcome. A name that belongs to a key is refused without one. */
const isSocial = ({ reason }: DualpingError): boolean =>
  Object.hasOwn(SOCIAL_REASONS, reason) && !isKeyReason(reason);

export class ClassicSession {
  readonly #id = `classic-${randomUUID()}`;
  #lastRequest = 0;
  #isOver = false;

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

  /** Rejects with a `DualpingError`; one with a social reason is an answer, and the session goes on. */
  async write(command: Command): Promise<socialWire.WriteResponse> {
    this.#lastRequest += 1;
    const requestNo = this.#lastRequest;
    const epoch = this.context.epochToExpect();
    return await new Promise((resolve, reject) => {
      this.context.driver.write(
        { sessionId: this.#id, requestNo, epoch, command },
        {
          answered: resolve,
          failed: ({ reason, detail }) => {
            const error = new DualpingError(reason, detail);
            if (!isSocial(error)) this.#isOver = true;
            reject(error);
          },
        },
      );
    });
  }
}
