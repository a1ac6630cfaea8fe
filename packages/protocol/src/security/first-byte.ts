/**
 * One port for all kinds of connections: the first byte tells TLS from HTTP/2 without it, and from a server's
 * tripwire.
 *
 * A process without credentials does this too: it answers a TLS client, in TLS, that there is no TLS here. So
 * in a network where only some parts have certificates, both sides can report what is wrong.
 *
 * Before its handshake a connection may belong to a stranger, and must cost others little. So it has five
 * seconds for the first byte and five for the handshake, and the number of such connections is limited.
 * Handshakes take turns with all other work of the process: a thousand at once would keep it busy for more
 * than a second, and its peers would regard it as dead.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { TRIPWIRE_BYTE } from '../tripwire.js';
import type { NetworkCredentials } from './network-credentials.js';

/** From accept to the first byte, ms: a client sends it at once, over any network. */
export const FIRST_BYTE_MS = 5_000;
/** From the first byte to the end of the handshake, ms: two round trips and 2 ms of work. */
const HANDSHAKE_MS = 5_000;
/** Connections whose handshake is not done: beyond this the oldest is closed. */
const MAX_UNPROVEN = 2_000;
/** Handshakes begun in one turn of the event loop: 1.5 ms each. */
const HANDSHAKES_A_TURN = 4;

/** The first byte of a TLS handshake record. */
const TLS_HANDSHAKE = 0x16;
/** `P` of `PRI * HTTP/2.0`. */
const HTTP2_PREFACE = 0x50;

export interface FirstByteListener {
  /** Its handshake is done. */
  secure(socket: TLSSocket): void;
  plaintext(socket: Socket): void;
  /**
   * `proved` is called when it is one. Until then it counts as a connection before its handshake. Undefined:
   * a tripwire is closed, as everything else that is unknown.
   */
  readonly tripwire?: ((socket: Socket, proved: () => void) => void) | undefined;
  /** It came with TLS to a process without credentials, and got the alert. */
  tlsRefused(socket: Socket): void;
}

/**
 * A fatal TLS alert, `access_denied`: the answer of a process without credentials to a handshake. Our clients
 * know its meaning (`status.ts`); OpenSSL never sends it by itself.
 */
const NO_TLS_HERE = Buffer.from([0x15, 3, 3, 0, 2, 2, 49]);

export class FirstByte {
  /** By peer, the oldest first. */
  readonly #unproven = new Map<string, Socket>();
  /** Connections that have sent their first byte, and wait for their turn. */
  readonly #turns: Socket[] = [];
  /** Undefined: there are no credentials. */
  readonly #tls: Server | undefined;
  readonly #listener: FirstByteListener;
  readonly #stopListening: () => void = () => {};
  #turnComes = false;

  constructor(credentials: NetworkCredentials | undefined, listener: FirstByteListener) {
    this.#listener = listener;
    if (credentials === undefined) return;
    const options = () => ({ ...credentials.serving, handshakeTimeout: HANDSHAKE_MS });
    const tls = createServer(options());
    this.#tls = tls;
    tls.on('secureConnection', (socket) => {
      this.#unproven.delete(peerOf(socket));
      socket.on('error', () => {}); // as above: it is closed then
      listener.secure(socket);
    });
    tls.on('tlsClientError', (_error, socket) => socket.destroy());
    // A new context has new ticket keys: no earlier session is resumed.
    this.#stopListening = credentials.onReplaced(() => tls.setSecureContext(options()));
  }

  accept(socket: Socket): void {
    socket.on('error', () => {}); // a broken connection is closed, without a report
    const peer = peerOf(socket);
    this.#unproven.set(peer, socket);
    const timer = setTimeout(() => socket.destroy(), FIRST_BYTE_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      if (this.#unproven.get(peer) === socket) this.#unproven.delete(peer);
    });
    socket.once('readable', () => {
      clearTimeout(timer);
      const beginning: Buffer | null = socket.read();
      if (beginning === null) return socket.destroy();
      socket.unshift(beginning);
      this.#sort(socket, beginning[0]);
    });
    if (this.#unproven.size <= MAX_UNPROVEN) return;
    const [oldest] = this.#unproven.values();
    oldest?.destroy();
  }

  /** Connections after their handshake stay open. */
  close(): void {
    this.#stopListening();
    for (const socket of [...this.#unproven.values()]) socket.destroy();
  }

  #sort(socket: Socket, first: number | undefined): void {
    if (first === TLS_HANDSHAKE && this.#tls === undefined) {
      this.#listener.tlsRefused(socket);
      socket.end(NO_TLS_HERE, () => socket.destroy());
    } else if (first === TLS_HANDSHAKE) {
      this.#turns.push(socket);
      this.#takeTurnSoon();
    } else if (first === HTTP2_PREFACE) {
      this.#unproven.delete(peerOf(socket));
      this.#listener.plaintext(socket);
    } else if (first === TRIPWIRE_BYTE && this.#listener.tripwire !== undefined) {
      const peer = peerOf(socket);
      this.#listener.tripwire(socket, () => this.#unproven.delete(peer));
    } else socket.destroy();
  }

  #takeTurnSoon(): void {
    if (this.#turnComes) return;
    this.#turnComes = true;
    setImmediate(() => {
      this.#turnComes = false;
      for (const socket of this.#turns.splice(0, HANDSHAKES_A_TURN))
        if (!socket.destroyed) this.#tls?.emit('connection', socket);
      if (this.#turns.length > 0) this.#takeTurnSoon();
    });
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;
