/** Operators' calls about users: invite a user, and reset the keys of a name. */
import {
  type Address,
  type Assignment,
  DualpingError,
  NO_EPOCH,
  type OperatorCommand,
  type UserName,
  type WallTimeMs,
} from '@dualping/core';
import {
  fromServiceError,
  type NetworkCredentials,
  NO_METADATA,
  OWN_CONNECTION,
  operatorAskToWire,
  SocialServiceClient,
  type socialWire,
  writtenFromWire,
} from '@dualping/protocol';
import { requireOptions } from './required-options.js';
import { RouterClient } from './router-client.js';
import { unary } from './unary.js';
import type { Written } from './waiting-requests.js';

/** How long a server may take to answer, ms. */
const CALL_TIMEOUT_MS = 10_000;
/** How long to wait for a new primary, ms; and how often to try the next one. */
const FAILOVER_WAIT_MS = 5_000;
const MOST_TRIES = 3;

/** The network, and the operator's credentials. */
export interface UserAdminOptions {
  readonly routers: readonly Address[];
  /** An operator's credentials. */
  readonly credentials: NetworkCredentials;
}

/** A code that admits a key; servers get only its hash. */
export interface UserCode {
  /** SHA-256 of the code, base64url. */
  readonly hash: string;
  /** Until when it is valid, ms since 1970, at most 31 days ahead. */
  readonly untilMs: WallTimeMs;
}

/**
 * Every failure is a `DualpingError`. A call that found no primary, or lost it, is made again with the next
 * one: with the same code that changes nothing.
 */
export class UserAdmin {
  readonly #routers: RouterClient;
  readonly #credentials: NetworkCredentials;

  /** @throws DualpingError `invalid-argument` */
  constructor(options: UserAdminOptions) {
    requireOptions('UserAdmin', options, ['routers', 'credentials']);
    this.#routers = new RouterClient(options);
    this.#credentials = options.credentials;
  }

  /**
   * Admits the first user who shows the code, with this name, or with any name that has no key. Rejects with
   * `name-taken` for a name with keys, with `permission-denied` for a caller who is not an operator.
   */
  async invite({ hash, untilMs }: UserCode, user?: UserName): Promise<Written> {
    const command = { kind: 'invite', code: hash, untilMs, ...(user !== undefined && { user }) } as const;
    return await this.#ask(command, user);
  }

  /**
   * Revokes all keys of a name; the first user who shows the code then owns it. Rejects with `unknown-user`.
   */
  async resetKeys({ hash, untilMs }: UserCode, user: UserName): Promise<Written> {
    return await this.#ask({ kind: 'reset-keys', code: hash, untilMs, user }, user);
  }

  /** Closes its connections. It can't be used afterwards. */
  close(): void {
    this.#routers.close();
  }

  async #ask(command: OperatorCommand, user: UserName | undefined): Promise<Written> {
    const of = user === undefined ? { cluster: 1 } : { user };
    let failedEpoch = NO_EPOCH;
    for (let tries = 1; ; tries += 1) {
      const assignment = await this.#routers.available({ ...of, failedEpoch, waitMs: FAILOVER_WAIT_MS });
      try {
        return await this.#call(assignment, command);
      } catch (error) {
        const isElsewhere = error instanceof DualpingError && error.action === 're-resolve';
        if (!isElsewhere || tries === MOST_TRIES) throw error;
        failedEpoch = assignment.epoch;
      }
    }
  }

  async #call(assignment: Assignment, command: OperatorCommand): Promise<Written> {
    const { epoch, primary, members } = assignment;
    const address = members.find(({ serverId }) => serverId === primary?.serverId)?.address;
    if (address === undefined) throw new DualpingError('no-available-server', 'there is no primary');
    const client = new SocialServiceClient(address, this.#credentials.channel('server'), OWN_CONNECTION);
    const request = operatorAskToWire({ epoch, command });
    try {
      const response = await unary<socialWire.WriteResponse>(
        (options, done) =>
          command.kind === 'invite'
            ? client.invite(request, NO_METADATA, options, done)
            : client.resetKeys(request, NO_METADATA, options, done),
        { timeoutMs: CALL_TIMEOUT_MS },
      );
      return writtenFromWire(response);
    } catch (error) {
      throw fromServiceError(error, { sent: true, peer: 'server' });
    } finally {
      client.close();
    }
  }
}
