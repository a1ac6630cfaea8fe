/**
 * Writes of users and operators at a primary: decides which are appended, and gives each its answer when it
 * is committed.
 */
import { type Command, referenceIn } from '../entry.js';
import {
  type Instant,
  type Position,
  type PublicKey,
  serverName,
  type UserName,
  type WallTimeMs,
} from '../ids.js';
import { MAX_CODE_MS } from '../limits.js';
import type { Failure, Reason } from '../reasons.js';
import type { Effect } from '../social/index.js';
import { isKeyReason, keylessText, keyRefusalText } from './key-refusals.js';
import type { OperatorRequest, Token, WriteRequest } from './messages.js';
import { PendingRequests } from './pending-requests.js';
import type { PrimaryRole } from './primary-role.js';
import type { ReplicaContext } from './replica-context.js';
import { UserQuotas } from './user-limits.js';

/** Requests of operators that wait for their commit: far more than operators make at once. */
const MAX_OPERATOR_REQUESTS = 1_000;

type Outcome = Extract<Effect, { readonly kind: 'reply' | 'operator-reply' }>;

export class UserWrites {
  readonly #context: ReplicaContext;
  readonly #primary: PrimaryRole;
  readonly #pendingRequests = new PendingRequests();
  readonly #quotas: UserQuotas;
  /** Operators' requests that are not committed yet, by the position of the entry. */
  readonly #operators = new Map<Position, Token>();

  constructor(context: ReplicaContext, primary: PrimaryRole) {
    this.#context = context;
    this.#primary = primary;
    this.#quotas = new UserQuotas(context.userLimits);
    this.#pendingRequests.takeOver(context.ledger.unapplied);
  }

  write(request: WriteRequest): void {
    const { social } = this.#context.ledger;
    const { token, command } = request;
    const home = social.homeOf(command.user);
    if (home !== undefined)
      return this.#refuse(token, 'wrong-cluster', `"${command.user}" is a user of cluster ${home}`);
    const problem = command.kind === 'invite-device' ? codeProblem(command, request.timeMs) : undefined;
    if (problem !== undefined) return this.#refuse(token, 'invalid-argument', problem);
    const mute = this.#primary.opened ? this.#whyMute(request) : undefined;
    if (mute !== undefined) return this.#refuse(token, ...mute);
    const admission = this.#pendingRequests.admit(
      request,
      social,
      (asked) => this.#whyNoRoom(asked) ?? this.#quotas.refusalOf(asked, this.#context.now, social),
    );
    switch (admission.kind) {
      case 'append':
        if (command.kind === 'follow') this.#primary.remoteReader.beforeFollow(command.target);
        this.#primary.append(this.#putByUs(command), request.sessionId, request.requestNo, request.timeMs);
        return;
      case 'wait':
        return;
      case 'known':
        return this.#answer(token, admission.reply);
      case 'refused':
        return this.#refuse(token, admission.reason, admission.detail);
    }
  }

  operate({ token, command, timeMs }: OperatorRequest): void {
    const problem = codeProblem(command, timeMs);
    if (problem !== undefined) return this.#refuse(token, 'invalid-argument', problem);
    if (this.#operators.size >= MAX_OPERATOR_REQUESTS)
      return this.#refuse(token, 'busy', `${MAX_OPERATOR_REQUESTS} requests of operators wait here`);
    this.#operators.set(this.#primary.append(command, '', 0, timeMs), token);
  }

  /** The caller waits no longer. */
  abandon(token: Token): void {
    this.#pendingRequests.abandon(token);
  }

  /** A request is committed. */
  settle(effect: Outcome): void {
    if (effect.kind === 'reply') {
      for (const token of this.#pendingRequests.settle(effect.sessionId, effect.requestNo))
        this.#answer(token, effect.reply);
      return;
    }
    const { position: at } = effect.reply;
    const token = this.#operators.get(at);
    this.#operators.delete(at);
    if (token !== undefined) this.#answer(token, effect.reply);
  }

  /** Sends all waiting callers back to the router. */
  dismiss(reason: Reason, detail: string): void {
    for (const token of this.#pendingRequests.dismiss()) this.#refuse(token, reason, detail);
    for (const token of this.#operators.values()) this.#refuse(token, reason, detail);
    this.#operators.clear();
  }

  /** The server is no longer primary. */
  stop(): void {
    this.#pendingRequests.clear();
  }

  /** A line about users at their limits, when it is time for one. */
  takeLimitedLine(now: Instant): string | undefined {
    return this.#quotas.tally.takeLine(now);
  }

  /**
   * Why there is no room for a user's write. A known user may still log in, so that users can read: that is
   * an entry of 100 bytes, and has a limit of its own.
   */
  #whyNoRoom({ kind, user }: Command): Failure | undefined {
    const full = this.#primary.lowDisk;
    if (full === undefined || (kind === 'register' && this.#context.ledger.social.has(user)))
      return undefined;
    this.#quotas.tally.note('disk', user);
    const detail = `the disk of ${serverName(full)} is nearly full, and nothing is written until it has room`;
    return { reason: 'limit-reached', detail };
  }

  /**
   * Why a write is refused, by the committed state. This is decided again when the entry is applied: until
   * the epoch is open, a predecessor may have committed something that is not known here.
   */
  #whyMute({ command, by, timeMs }: WriteRequest): readonly [Reason, string] | undefined {
    const { social } = this.#context.ledger;
    const { user } = command;
    if (command.kind !== 'register')
      return social.speaks(user, by) || !social.has(user) ? undefined : wrongKey(user, by);
    const { login } = this.#withRegistration(command);
    const reason = social.whyNoLogin(user, login, timeMs);
    if (reason === undefined) return undefined;
    if (reason === 'wrong-key') return wrongKey(user, by);
    return [reason, isKeyReason(reason) ? keyRefusalText(reason, user) : reason];
  }

  /**
   * Adds to a login who may have a new name; reduces a reference to an answered post of this cluster to its
   * position.
   */
  #putByUs(command: Command): Command {
    const { cluster } = this.#context.identity;
    if (command.kind === 'register') return this.#withRegistration(command);
    if (command.kind !== 'post' || command.answers === undefined) return command;
    return { ...command, answers: referenceIn(cluster, cluster, command.answers) };
  }

  #withRegistration(command: Extract<Command, { kind: 'register' }>): typeof command {
    const { login } = command;
    const { registration = 'open' } = this.#context;
    return login === undefined ? command : { ...command, login: { ...login, registration } };
  }

  #answer(token: Token, reply: Outcome['reply']): void {
    this.#context.emit({ kind: 'answer-write', token, epoch: this.#primary.epoch, reply });
  }

  #refuse(token: Token, reason: Reason, detail: string): void {
    this.#context.emit({ kind: 'refuse', token, reason, detail });
  }
}

/** @param by the key that was shown, if any */
export const wrongKey = (user: UserName, by: PublicKey | undefined): readonly [Reason, string] => [
  'wrong-key',
  by === undefined ? keylessText(user) : keyRefusalText('wrong-key', user),
];

/** Why a code can't be made, for people; undefined when it can. */
function codeProblem({ untilMs }: { readonly untilMs: WallTimeMs }, timeMs: WallTimeMs): string | undefined {
  const leftMs = untilMs - timeMs;
  if (leftMs > 0 && leftMs <= MAX_CODE_MS) return undefined;
  return `a code may be valid for 1 to ${MAX_CODE_MS} ms from now: "${leftMs}" was given`;
}
