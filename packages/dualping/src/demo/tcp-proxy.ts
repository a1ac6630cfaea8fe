/**
 * A proxy for TCP connections that can hold their traffic, as when a cable is pulled.
 *
 * A pulled cable does not close the connection: for both ends it is still open, no bytes arrive, and bytes in
 * flight arrive when the cable is plugged in again. So to hold means to stop reading at both ends. If one
 * side closes meanwhile, the other learns it only after the release. To sever is the other kind of break:
 * both sides notice it.
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
  /** Called for each new connection before a byte flows; the connection is held until it is released. */
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

  /** Sets where new connections go, undefined for nowhere; open ones don't change. */
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
  /** The port of the dialling side, which identifies its process. */
  readonly dialledFrom: number;
  readonly #near: Socket;
  readonly #target: () => HostAndPort | undefined;
  readonly #onGone: () => void;
  #far: Socket | undefined;
  #held = true;
  #gone = false;
  /** One side broke while the connection was held; the other side learns it at the release. */
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

  /** Stops traffic in both directions, and closes nothing. */
  hold(): void {
    this.#held = true;
    this.#near.pause();
    this.#far?.pause();
  }

  /** Lets the held bytes and all later ones pass. */
  release(): void {
    if (this.#gone || !this.#held) return;
    this.#held = false;
    if (this.#brokeWhileHeld) return this.sever();
    if (this.#far === undefined) return this.#dial();
    this.#near.resume();
    this.#far.resume();
  }

  /** Breaks the connection, so that both sides notice. */
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
    // The error does not matter: 'close' follows it.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#held && !this.#gone) this.#brokeWhileHeld = true;
      else this.sever();
    });
  }
}
