/** The users who are on over the classic wire, and their requests. */
import {
  type Command,
  DualpingError,
  type Epoch,
  epoch,
  type ListPage,
  MAX_LIST_PAGE,
  type UserName,
} from '@dualping/core';
import type { socialWire } from '@dualping/protocol';
import { breathe } from '../breathe.js';
import type { ServiceContext } from '../services.js';
import { ClassicSession } from './classic-session.js';
import type { Connection } from './connections.js';

/**
 * Most names in each list of a `ListReply`, which is one message: at 34 bytes a name both lists stay within
 * the 4 MB that gRPC clients take.
 */
export const MAX_CLASSIC_LIST = 50_000;

export interface ClassicList {
  /** The first users, by name. */
  readonly users: readonly UserName[];
  readonly followers: readonly UserName[];
  /** Whether there are more. */
  readonly isCut: boolean;
}

interface On {
  readonly connection: Connection;
  /**
   * The epoch in which the user logged in; undefined until the login is answered. A user is no longer on when
   * this server stops being primary.
   */
  epoch: Epoch | undefined;
}

export class ClassicUsers {
  /** One for each user who ever logged in; `isOn` says whether it is still valid. */
  readonly #on = new Map<UserName, On>();

  constructor(readonly context: ServiceContext) {}

  isOn(user: UserName): boolean {
    const on = this.#on.get(user);
    return (
      on?.connection.isOpen === true &&
      (on.epoch ?? this.context.servingEpoch()) === this.context.servingEpoch()
    );
  }

  /** Whether the user ever logged in. */
  async isKnown(user: UserName): Promise<boolean> {
    try {
      await this.#page(user, undefined, 1);
      return true;
    } catch (error) {
      if (error instanceof DualpingError && error.reason === 'unknown-user') return false;
      throw error;
    }
  }

  /** Logs in a user who is not on. Rejects when that is not possible here. */
  async login(connection: Connection, user: UserName): Promise<void> {
    const on: On = { connection, epoch: undefined };
    this.#on.set(user, on);
    try {
      const session = new ClassicSession(this.context, user);
      connection.keep(user, session);
      on.epoch = epoch((await session.login()).epoch);
    } catch (error) {
      if (this.#on.get(user) === on) this.#on.delete(user);
      throw error;
    }
  }

  /**
   * Does a user's requests, in the order of the calls. A connection on which the user never logged in (the
   * first one was idle and closed, or the server has changed) gets a session of its own, if the user exists.
   */
  async ask(connection: Connection, command: Command): Promise<socialWire.WriteResponse> {
    if (connection.session(command.user) === undefined) await this.#page(command.user, undefined, 1);
    return await this.write(connection, command);
  }

  /** As `ask`, for a user who is known to exist. */
  async write(connection: Connection, command: Command): Promise<socialWire.WriteResponse> {
    try {
      return await this.#session(connection, command.user).write(command);
    } catch (error) {
      // The session was forgotten after very many others. The request did not happen, because each request is
      // sent once.
      if (!(error instanceof DualpingError) || error.reason !== 'session-expired') throw error;
      return await this.#session(connection, command.user).write(command);
    }
  }

  /**
   * All users and the followers of one user, as many as fit into one message. Rejects as `unknown-user` for a
   * user who never logged in.
   */
  async list(user: UserName): Promise<ClassicList> {
    const users: UserName[] = [];
    const followers: UserName[] = [];
    let after: UserName | undefined;
    do {
      const page = await this.#page(user, after, MAX_LIST_PAGE);
      users.push(...page.users.map((listed) => listed.user));
      followers.push(...page.followers.map((listed) => listed.user));
      after = page.next;
      await breathe();
    } while (after !== undefined && followers.length <= MAX_CLASSIC_LIST);
    const isCut = users.length > MAX_CLASSIC_LIST || followers.length > MAX_CLASSIC_LIST;
    return {
      users: users.slice(0, MAX_CLASSIC_LIST),
      followers: followers.slice(0, MAX_CLASSIC_LIST),
      isCut: isCut || after !== undefined,
    };
  }

  async #page(user: UserName, after: UserName | undefined, limit: number): Promise<ListPage> {
    const question = { user, epoch: this.context.epochToExpect(), after, limit };
    return await new Promise((resolve, reject) => {
      this.context.driver.list(question, {
        answered: resolve,
        failed: ({ reason, detail }) => reject(new DualpingError(reason, detail)),
      });
    });
  }

  #session(connection: Connection, user: UserName): ClassicSession {
    const open = connection.session(user);
    if (open !== undefined) return open;
    const session = new ClassicSession(this.context, user);
    connection.keep(user, session);
    session.login().catch(() => {}); // the next request of this session is refused for the same reason
    return session;
  }
}
