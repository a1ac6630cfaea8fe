/** Unary calls that wait for the registry's answer. */
import {
  DualpingError,
  type Reason,
  type RegistryAnswer,
  type RegistryInput,
  type RegistryToken,
} from '@dualping/core';
import { toServiceError } from '@dualping/protocol';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';

/** A call that asks the registry: how to translate the request and the answer. */
export interface Question<Request, Response> {
  /** Translates the request into the registry's input. Throws the refusal of a malformed request. */
  readonly ask: (
    request: Request,
    token: RegistryToken,
    call: ServerUnaryCall<Request, Response>,
  ) => RegistryInput;
  readonly tell: (answer: RegistryAnswer) => Response;
}

interface Caller {
  readonly answer: (answer: RegistryAnswer) => void;
  readonly refuse: (error: DualpingError) => void;
}

export class Callers {
  readonly #callers = new Map<RegistryToken, Caller>();
  #lastToken: RegistryToken = 0;

  constructor(readonly step: (input: RegistryInput) => void) {}

  /** A handler for calls of that kind. */
  handler<Request, Response>({ ask, tell }: Question<Request, Response>) {
    return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
      this.#lastToken += 1;
      const token = this.#lastToken;
      let input: RegistryInput;
      try {
        input = ask(call.request, token, call);
      } catch (error) {
        return callback(toServiceError(error));
      }
      this.#callers.set(token, {
        answer: (answer) => callback(null, tell(answer)),
        refuse: (error) => callback(toServiceError(error)),
      });
      call.on('cancelled', () => {
        if (this.#callers.delete(token)) this.step({ kind: 'cancel', token });
      });
      this.step(input);
    };
  }

  answer(token: RegistryToken, answer: RegistryAnswer): void {
    this.#take(token)?.answer(answer);
  }

  refuse(token: RegistryToken, reason: Reason, detail: string): void {
    this.#take(token)?.refuse(new DualpingError(reason, detail));
  }

  refuseAll(error: DualpingError): void {
    for (const token of [...this.#callers.keys()]) this.#take(token)?.refuse(error);
  }

  #take(token: RegistryToken): Caller | undefined {
    const caller = this.#callers.get(token);
    this.#callers.delete(token);
    return caller;
  }
}
