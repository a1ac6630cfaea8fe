/** One port under attack. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type SecureContextOptions, connect as tlsConnect } from 'node:tls';
import {
  type Attack,
  type Bytes,
  type Call,
  type Calls,
  headersOf,
  streamOf,
  type Visitor,
} from './attacks.js';

/**
 * How long an attack waits for what comes of it, ms: a process that answers does so by then, one that is
 * quiet is left. Nothing is judged by this time.
 */
const LISTENING_MS = 60;
const HOST = '127.0.0.1';

/** Key and certificate of who attacks over TLS; without them it has none. */
export type Papers = Readonly<Record<Exclude<Visitor, 'tcp'>, SecureContextOptions>>;

export class Victim {
  #attacks = 0;

  constructor(
    readonly port: number,
    readonly papers: Papers,
  ) {}

  /** How many attacks there were. */
  get attacks(): number {
    return this.#attacks;
  }

  /** Resolves when the attack is over. @returns answers that no caller may ever get, for people */
  async suffers(attack: Attack): Promise<readonly string[]> {
    this.#attacks += 1;
    const socket = await this.#connect(attack.by);
    if (socket === undefined) return [];
    try {
      if (attack.kind === 'calls') return await suffersCalls(socket, attack);
      await suffersBytes(socket, attack);
      return [];
    } finally {
      socket.destroy();
    }
  }

  /** Undefined: it was not let in. */
  async #connect(by: Visitor): Promise<Socket | undefined> {
    const { port } = this;
    const socket =
      by === 'tcp'
        ? connect(port, HOST)
        : tlsConnect({
            port,
            host: HOST,
            rejectUnauthorized: false,
            ALPNProtocols: ['h2'],
            ...this.papers[by],
          });
    socket.on('error', () => {});
    try {
      await once(socket, by === 'tcp' ? 'connect' : 'secureConnect');
      return socket;
    } catch {
      socket.destroy();
      return undefined;
    }
  }
}

const listened = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LISTENING_MS));
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

async function suffersBytes(socket: Socket, { pieces }: Bytes): Promise<void> {
  socket.resume();
  for (const piece of pieces) socket.write(piece);
  await Promise.race([closed(socket), listened()]);
}

async function suffersCalls(socket: Socket, { calls }: Calls): Promise<readonly string[]> {
  const session = connectHttp2(`http://${HOST}`, { createConnection: () => socket });
  session.on('error', () => {});
  const wrong: string[] = [];
  const done = Promise.all(calls.map(async (call) => await suffersCall(session, call, wrong)));
  await Promise.race([done, closed(socket), listened()]);
  session.destroy();
  return wrong;
}

async function suffersCall(session: ClientHttp2Session, call: Call, wrong: string[]): Promise<void> {
  const stream = session.request(headersOf(call.path));
  stream.on('error', () => {});
  const judge = (headers: Readonly<Record<string, unknown>>): void => {
    if (headers['dualping-reason'] === 'internal')
      wrong.push(`${call.path} is answered as internal: ${String(headers['grpc-message'])}`);
  };
  stream.on('response', judge);
  stream.on('trailers', judge);
  stream.resume();
  stream.write(streamOf(call));
  if (call.ending === 'end') stream.end();
  else if (call.ending === 'reset') setImmediate(() => stream.close());
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
}

/** What a client sends at the begin of a TLS connection. */
export async function recordHandshake(): Promise<Uint8Array> {
  const { server, port, heard } = await recorder();
  const client = tlsConnect({ port, host: HOST, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  client.on('error', () => {});
  const bytes = await heard;
  client.destroy();
  server.close();
  return bytes;
}

/** What a client sends that makes these calls, without TLS. */
export async function recordCalls(calls: readonly Call[]): Promise<Uint8Array> {
  const { server, port, heard } = await recorder();
  const session = connectHttp2(`http://${HOST}:${port}`);
  session.on('error', () => {});
  for (const call of calls) {
    const stream = session.request(headersOf(call.path));
    stream.on('error', () => {});
    stream.end(streamOf(call));
  }
  const bytes = await heard;
  session.destroy();
  server.close();
  return bytes;
}

/** Takes what comes first on one connection; a pause ends it. */
async function recorder(): Promise<{ server: Server; port: number; heard: Promise<Uint8Array> }> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, 'listening');
  const heard = new Promise<Uint8Array>((resolve) => {
    server.once('connection', (socket) => {
      const pieces: Buffer[] = [];
      socket.on('error', () => {});
      socket.on('data', (piece: Buffer) => pieces.push(piece));
      const timer = setInterval(() => {
        if (pieces.length === 0) return;
        clearInterval(timer);
        resolve(Buffer.concat(pieces));
        socket.destroy();
      }, LISTENING_MS);
    });
  });
  const address = server.address();
  return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0, heard };
}
