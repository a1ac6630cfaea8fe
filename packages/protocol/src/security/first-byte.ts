/**
 * One port for two kinds of connections: the first byte tells TLS from HTTP/2 without it.
 *
 * A process without credentials sorts too: who comes with TLS is told, in TLS, that there is none here. So a
 * network of which some parts have certificates and others not says what is wrong with it, on both sides.
 *
 * Until a connection has finished its handshake it belongs to a stranger, and must cost others little. So it
 * has five seconds for the first byte and five for the handshake, and the number of such connections is
 * limited. Handshakes take turns with everything else that the process does: a thousand at once would keep
 * it busy for more than a second, and its peers would take it for dead.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { NetworkCredentials } from './network-credentials.js';

/** From being accepted to the first byte, ms: what a client sends at once, over any network. */
export const FIRST_BYTE_MS = 5_000;
/** From the first byte to the end of the handshake, ms: two round trips and 2 ms of work. */
export const HANDSHAKE_MS = 5_000;
/** Connections whose handshake is not done: of more, the one that waits for longest is closed. */
export const MAX_UNPROVEN = 2_000;
/** Handshakes begun in one turn of the event loop: 1.5 ms each. */
const HANDSHAKES_A_TURN = 4;

/** How a TLS record that begins a handshake begins. */
const TLS_HANDSHAKE = 0x16;
/** `P` of `PRI * HTTP/2.0`. */
const HTTP2_PREFACE = 0x50;

export interface FirstByteListener {
  /** Its handshake is done. */
  secure(socket: TLSSocket): void;
  plaintext(socket: Socket): void;
  /** It came with TLS to a process without credentials, and is told so. */
  tlsRefused(socket: Socket): void;
}

/**
 * A TLS alert, fatal, `access_denied`: what a process without credentials answers to a handshake. Our clients
 * know it for what it means (`status.ts`); OpenSSL never sends it by itself.
 */
const NO_TLS_HERE = Buffer.from([0x15, 3, 3, 0, 2, 2, 49]);

export class FirstByte {
  /** By peer, the oldest first. */
  readonly #unproven = new Map<string, Socket>();
  /** Have sent their first byte, and wait for their turn. */
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
    // A context of its own has keys for tickets of its own: no session from before is resumed.
    this.#stopListening = credentials.onReplaced(() => tls.setSecureContext(options()));
  }

  accept(socket: Socket): void {
    socket.on('error', () => {}); // what breaks is closed, and says no more
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

  /** Those that are known stay. */
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
