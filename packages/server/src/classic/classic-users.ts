/** Who is on by the classic wire, and what they ask for over it. */
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
 * Names in each list of a `ListReply`, which is one message however large a network is: both together stay
 * within the 4 MB that gRPC clients take, at 34 bytes a name.
 */
export const MAX_CLASSIC_LIST = 50_000;

export interface ClassicList {
  /** By name, the first of them. */
  readonly users: readonly UserName[];
  readonly followers: readonly UserName[];
  /** There are more. */
  readonly isCut: boolean;
}

interface On {
  readonly connection: Connection;
  /** In which they logged in; undefined until that is answered. Being on ends with the reign of a primary. */
  epoch: Epoch | undefined;
}

export class ClassicUsers {
  /** One for each user who ever logged in; whether it still counts says `isOn`. */
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

  /** Of a user who is not on. Rejects when it can't be done here. */
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
   * Does what a user asks, in the order of the calls. A connection on which they never logged in (their first
   * was closed for being idle, or the server has changed) gets a session of its own, unless nobody knows
   * them.
   */
  async ask(connection: Connection, command: Command): Promise<socialWire.WriteResponse> {
    if (connection.session(command.user) === undefined) await this.#page(command.user, undefined, 1);
    return await this.write(connection, command);
  }

  /** As `ask`, of a user who is known. */
  async write(connection: Connection, command: Command): Promise<socialWire.WriteResponse> {
    try {
      return await this.#session(connection, command.user).write(command);
    } catch (error) {
      // Forgotten after very many others: nothing of it happened, since each request is sent once.
      if (!(error instanceof DualpingError) || error.reason !== 'session-expired') throw error;
      return await this.#session(connection, command.user).write(command);
    }
  }

  /**
   * All users and the followers of one, as many as one message takes. Rejects as `unknown-user` for somebody
   * who never logged in.
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
    session.login().catch(() => {}); // what is asked next in this session is refused for the same reason
    return session;
  }
}
