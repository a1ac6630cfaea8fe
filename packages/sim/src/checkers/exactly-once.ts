/**
 * Checks that each request is done once, in the order of asking, and is always answered with its one outcome.
 */
import type { Epoch, JournalCommand, Reply, RequestResult, SessionCommand } from '@dualping/core';
import { entryText } from '../entry-text.js';
import type { ServerProcess } from '../server-process.js';
import type { SessionRecord } from '../session-record.js';
import { type Checker, type Request, Violation } from './checker.js';
import type { History } from './history.js';

/** Refusals that are outcomes of an applied command. */
const SOCIAL = new Set([
  'unknown-user',
  'unknown-target',
  'already-following',
  'cannot-follow-self',
  'not-following',
  'cannot-unfollow-self',
  'unknown-post',
]);

export class ExactlyOnce implements Checker {
  readonly #replies = new Map<string, string>();
  readonly #sessions = new Set<SessionRecord>();

  constructor(readonly history: History) {}

  acknowledged(server: ServerProcess, epoch: Epoch, { sessionId, requestNo }: Request, reply: Reply): void {
    if (this.history.mayBeLost(epoch, reply.position)) return;
    const key = `${sessionId}#${requestNo}`;
    const entry = this.history.at(reply.position);
    if (entry?.sessionId !== sessionId || entry.requestNo !== requestNo)
      throw new Violation(
        'acknowledged-is-committed',
        `${server.name} acknowledges ${key} at ${reply.position}, where [${entry === undefined ? 'nothing' : entryText(entry)}] is committed`,
      );
    const isRefused = reply.kind === 'refused' && reply.reason === 'unknown-post';
    if (isRefused !== this.history.answersNothing(reply.position))
      throw new Violation(
        'answered-post-is-there',
        `${server.name} ${isRefused ? 'refuses' : 'takes'} [${entryText(entry)}]`,
      );
    const text = reply.kind === 'ok' ? `ok at ${reply.position}` : `${reply.reason} at ${reply.position}`;
    const before = this.#replies.get(key);
    const isBegunAgain = (this.history.forgets && requestNo === 1) || this.history.lost > 0;
    if (before !== undefined && before !== text && !isBegunAgain)
      throw new Violation(
        'one-outcome-per-request',
        `${server.name} answers ${key}: ${text}; it was: ${before}`,
      );
    this.#replies.set(key, text);
  }

  submitted(session: SessionRecord): void {
    this.#sessions.add(session);
  }

  settled(session: SessionRecord, ticket: number, command: SessionCommand, result: RequestResult): void {
    const who = `${session.sessionId}, ticket ${ticket}`;
    const before = session.requests.get(ticket)?.result;
    if (before !== undefined)
      throw new Violation('requests-settle-once', `${who} was ${before.kind} and is ${result.kind}`);
    if (session.isInDoubt) return;
    switch (result.kind) {
      case 'ok': {
        const entry = this.history.at(result.position);
        const isThat =
          entry !== undefined &&
          entry.sessionId.split('.')[0] === session.sessionId &&
          entry.command.kind === command.kind &&
          (command.kind !== 'post' || isSamePost(command, entry.command));
        if (!isThat)
          throw new Violation(
            'acknowledged-is-committed',
            `${who} is told that ${JSON.stringify(command)} is at ${result.position}, where [${entry === undefined ? 'nothing' : entryText(entry)}] is`,
          );
        return;
      }
      case 'refused':
        if (!SOCIAL.has(result.reason) && result.reason !== 'limit-reached' && !session.closed)
          throw new Violation('unexpected-refusal', `${who} is refused: ${result.reason}: ${result.detail}`);
        return;
      case 'may-have-happened':
        if (
          !this.history.forgets &&
          !session.closed &&
          !(session.again && result.reason === 'request-too-old')
        )
          throw new Violation(
            'outcome-is-known',
            `${who} may have happened: ${result.reason}: ${result.detail}`,
          );
    }
  }

  atEnd(): void {
    for (const session of this.#sessions) if (!session.isInDoubt) this.#inOrder(session);
  }

  /** Posts of one session are in the journal in the order in which they were asked for. */
  #inOrder(session: SessionRecord): void {
    let last = 0;
    for (const { command, result } of session.requests.values()) {
      if (command.kind !== 'post') continue;
      const at = this.history.post(command.text)?.position ?? 0;
      if (result?.kind === 'ok' && at !== result.position)
        throw new Violation(
          'acknowledged-is-committed',
          `"${command.text}" was told to be at ${result.position}, it is at ${at}`,
        );
      // A request that is asked twice may be done one time and refused the other time.
      if (result?.kind === 'refused' && at > 0 && !session.again && !session.repeated)
        throw new Violation(
          'refused-did-not-happen',
          `"${command.text}" was refused (${result.reason}) and is at ${at}`,
        );
      if (at === 0) continue;
      if (at < last)
        throw new Violation(
          'per-author-order',
          `"${command.text}" is at ${at}, one that was asked for before it at ${last}`,
        );
      last = at;
    }
  }
}

function isSamePost(asked: SessionCommand & { readonly kind: 'post' }, done: JournalCommand): boolean {
  if (done.kind !== 'post' || done.text !== asked.text) return false;
  const { author, position } = done.answers ?? {};
  return author === asked.answers?.author && position === asked.answers?.position;
}
