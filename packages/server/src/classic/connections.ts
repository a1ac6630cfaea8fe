/**
 * Open connections of clients, by gRPC's name of the peer.
 *
 * On the classic wire a user is on while the connection of the login is open. The peer of a call identifies
 * its connection.
 */

import type { Socket } from 'node:net';
import type { UserName } from '@dualping/core';
import type { ClassicSession } from './classic-session.js';

/** Users of one connection whose sessions are kept: a client has one user, a proxy some. */
const MAX_USERS_PER_CONNECTION = 1_000;

export class Connection {
  readonly #sessions = new Map<UserName, ClassicSession>();
  #isOpen = true;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The user's session on this connection, while it can continue. */
  session(user: UserName): ClassicSession | undefined {
    const session = this.#sessions.get(user);
    return session?.isOver === true ? undefined : session;
  }

  keep(user: UserName, session: ClassicSession): void {
    this.#sessions.delete(user);
    this.#sessions.set(user, session);
    // A forgotten user gets a new session with the next request.
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= MAX_USERS_PER_CONNECTION) return;
      this.#sessions.delete(oldest);
    }
  }

  closed(): void {
    this.#isOpen = false;
    this.#sessions.clear();
  }
}

export class Connections {
  readonly #open = new Map<string, Connection>();

  accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) return; // it has already closed
    const peer = `${remoteAddress}:${remotePort}`;
    const connection = new Connection();
    this.#open.set(peer, connection);
    socket.once('close', () => {
      if (this.#open.get(peer) === connection) this.#open.delete(peer);
      connection.closed();
    });
  }

  /** A call whose connection has just closed gets a closed one. */
  of(peer: string): Connection {
    const connection = this.#open.get(peer);
    if (connection !== undefined) return connection;
    const closed = new Connection();
    closed.closed();
    return closed;
  }
}
