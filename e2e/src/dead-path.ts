/** Network paths that silently drop all packets: nothing is refused or closed, and nothing arrives. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy for TCP connections that can become a black hole. */
export class DeadPath {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isDead: boolean;
  #target: number | undefined;

  private constructor(isDead: boolean) {
    this.#isDead = isDead;
    this.#server = createServer({ pauseOnConnect: true }, (near) => this.#carry(near));
  }

  /** @param isDead a black hole from the beginning */
  static async open(isDead = false): Promise<DeadPath> {
    const path = new DeadPath(isDead);
    path.#server.listen(0, '127.0.0.1');
    await once(path.#server, 'listening');
    return path;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  leadTo(port: number): void {
    this.#target = port;
  }

  /** Open connections are dead permanently; new ones are dead too, until `heal`. */
  die(): void {
    this.#isDead = true;
    for (const socket of this.#sockets) socket.removeAllListeners('data').pause();
  }

  /** New connections work again. Dead ones stay dead. */
  heal(): void {
    this.#isDead = false;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(near: Socket): void {
    this.#keep(near);
    if (this.#isDead || this.#target === undefined) return;
    const far = connect({ host: '127.0.0.1', port: this.#target, noDelay: true });
    this.#keep(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      // A dead connection does not learn that its other end has gone.
      from.on('close', () => !this.#isDead && to.destroy());
    }
    near.resume();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
