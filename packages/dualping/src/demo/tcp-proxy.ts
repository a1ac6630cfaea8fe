/**
 * A cable that can be pulled: passes on TCP connections, and can hold what flows through them.
 *
 * A pulled cable is not a closed connection. Both ends go on believing in it: bytes stop, nothing is refused,
 * and what was under way arrives when it is plugged in again. So to hold means to stop reading at both ends;
 * then the end of one side is not noticed either, and is passed on when it is released. To sever is the other
 * kind of break, the one that is noticed.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { DualpingError } from '@dualping/core';
import { formatAddress, type HostAndPort, parseAddress } from '@dualping/protocol';
import { dialledHost } from './dialled-host.js';

export interface TcpProxyOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Told of each new connection before a byte flows; it begins held, and stays so until it is released. */
  readonly onConnection: (connection: ProxiedConnection) => void;
}

export class TcpProxy {
  readonly address: string;
  readonly #server: Server;
  readonly #connections: Set<ProxiedConnection>;
  #target: HostAndPort | undefined;

  private constructor(
    server: Server,
    address: string,
    connections: Set<ProxiedConnection>,
    targets: { current: () => HostAndPort | undefined },
  ) {
    this.#server = server;
    this.address = address;
    this.#connections = connections;
    targets.current = () => this.#target;
  }

  /** @throws DualpingError `invalid-argument` quoting the address when it is taken */
  static async listen({ host, port, onConnection }: TcpProxyOptions): Promise<TcpProxy> {
    const connections = new Set<ProxiedConnection>();
    const targets: { current: () => HostAndPort | undefined } = { current: () => undefined };
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) => {
      const connection = new ProxiedConnection(near, targets.current, () => connections.delete(connection));
      connections.add(connection);
      onConnection(connection);
    });
    server.listen({ host, port, exclusive: true });
    try {
      await once(server, 'listening');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const place = formatAddress({ host, port });
      throw new DualpingError('invalid-argument', `cannot listen at ${place}: ${why}`, { cause: error });
    }
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('a TCP server is not bound to a port');
    return new TcpProxy(
      server,
      formatAddress({ host: dialledHost(host), port: bound.port }),
      connections,
      targets,
    );
  }

  get connections(): ReadonlySet<ProxiedConnection> {
    return this.#connections;
  }

  /** Where connections go from now on, undefined for nowhere; those that are open stay where they are. */
  connectTo(address: string | undefined): void {
    this.#target = address === undefined ? undefined : parseAddress(address);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.sever();
    await closed;
  }
}

export class ProxiedConnection {
  /** The port of whoever has dialled: tells whose connection it is. */
  readonly dialledFrom: number;
  readonly #near: Socket;
  readonly #target: () => HostAndPort | undefined;
  readonly #onGone: () => void;
  #far: Socket | undefined;
  #held = true;
  #gone = false;
  /** One side broke while it was held: the other hears of it when it is released. */
  #brokeWhileHeld = false;

  constructor(near: Socket, target: () => HostAndPort | undefined, onGone: () => void) {
    this.dialledFrom = near.remotePort ?? 0;
    this.#near = near;
    this.#target = target;
    this.#onGone = onGone;
    this.#endWith(near);
  }

  get held(): boolean {
    return this.#held;
  }

  /** Nothing flows from now on, in neither direction; nothing is closed. */
  hold(): void {
    this.#held = true;
    this.#near.pause();
    this.#far?.pause();
  }

  /** Lets flow what has been waiting, and what comes. */
  release(): void {
    if (this.#gone || !this.#held) return;
    this.#held = false;
    if (this.#brokeWhileHeld) return this.sever();
    if (this.#far === undefined) return this.#dial();
    this.#near.resume();
    this.#far.resume();
  }

  /** Breaks it, so that both sides notice. */
  sever(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#near.destroy();
    this.#far?.destroy();
    this.#onGone();
  }

  #dial(): void {
    const target = this.#target();
    if (target === undefined) return this.sever();
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#far = far;
    this.#endWith(far);
    this.#carry(this.#near, far);
    this.#carry(far, this.#near);
    this.#near.resume();
  }

  #carry(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (!this.#held) from.resume();
    });
    from.on('end', () => to.end());
  }

  #endWith(socket: Socket): void {
    // What went wrong is of no interest: 'close' comes after it.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#held && !this.#gone) this.#brokeWhileHeld = true;
      else this.sever();
    });
  }
}
