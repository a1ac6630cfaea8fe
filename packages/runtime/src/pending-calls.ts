/** Unanswered calls of clients, by the machine's numbers for them. */
import type {
  Command,
  Failure,
  ListPage,
  OperatorCommand,
  ReplicaInput,
  ReplicaOutput,
  Token,
  UserKey,
  Written,
} from '@dualping/core';
import { refusalText } from './refusal-text.js';
import type { Asker } from './session-driver.js';

type OutputOf<Kind extends ReplicaOutput['kind']> = Extract<ReplicaOutput, { readonly kind: Kind }>;

interface WaitingWrite {
  readonly command: Command | OperatorCommand;
  readonly asker: Asker<Written>;
}

export class PendingCalls {
  readonly #writes = new Map<Token, WaitingWrite>();
  readonly #lists = new Map<Token, Asker<ListPage>>();
  readonly #keys = new Map<Token, Asker<readonly UserKey[]>>();

  constructor(readonly feed: (input: ReplicaInput) => void) {}

  addWrite(token: Token, command: Command | OperatorCommand, asker: Asker<Written>): void {
    this.#writes.set(token, { command, asker });
  }

  /** The caller no longer waits for the answer. */
  abandonWrite(token: Token): void {
    if (this.#writes.delete(token)) this.feed({ kind: 'write-abandoned', token });
  }

  addList(token: Token, asker: Asker<ListPage>): void {
    this.#lists.set(token, asker);
  }

  addKeys(token: Token, asker: Asker<readonly UserKey[]>): void {
    this.#keys.set(token, asker);
  }

  answerWrite({ token, epoch, reply }: OutputOf<'answer-write'>): void {
    const write = this.#writes.get(token);
    if (write === undefined) return;
    this.#writes.delete(token);
    const { command, asker } = write;
    if (reply.kind === 'ok') asker.answered({ position: reply.position, epoch });
    else asker.failed({ reason: reply.reason, detail: refusalText(reply.reason, command) });
  }

  answerList({ token, page }: OutputOf<'answer-list'>): void {
    const asker = this.#lists.get(token);
    this.#lists.delete(token);
    asker?.answered(page);
  }

  answerKeys({ token, keys }: OutputOf<'answer-keys'>): void {
    const asker = this.#keys.get(token);
    this.#keys.delete(token);
    asker?.answered(keys);
  }

  refuse(token: Token, failure: Failure): void {
    const asker = this.#writes.get(token)?.asker ?? this.#lists.get(token) ?? this.#keys.get(token);
    this.#writes.delete(token);
    this.#lists.delete(token);
    this.#keys.delete(token);
    asker?.failed(failure);
  }

  endAll(failure: Failure): void {
    for (const token of [...this.#writes.keys(), ...this.#lists.keys(), ...this.#keys.keys()])
      this.refuse(token, failure);
  }
}
