/** Redis: each write is an XADD and a WAIT for both replicas; followers read the stream as it grows. */
import { AnswerSocket, endOfLine } from './answer-socket.js';
import type { PeerClient } from './peer-client.js';

const STREAM = 'posts';
/** How long WAIT may wait for the replicas, ms. */
const WAIT_MS = 5_000;
const REPLICAS = 2;

type Answer = string | number | null | readonly Answer[];
type Parsed = readonly [Answer, number];

const command = (...words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** One answer in RESP, and where the next begins; undefined: not all of it has come. */
function parse(bytes: Buffer, at: number): Parsed | undefined {
  const end = endOfLine(bytes, at);
  if (end === -1) return undefined;
  const line = bytes.toString('latin1', at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case ':':
      return [Number(line), next];
    case '$': {
      const length = Number(line);
      if (length < 0) return [null, next];
      if (bytes.length < next + length + 2) return undefined;
      return [bytes.toString('utf8', next, next + length), next + length + 2];
    }
    case '*':
      return Number(line) < 0 ? [null, next] : parseList(bytes, next, Number(line));
    case '+':
      return [line, next];
    default:
      throw new Error(`Redis answers "${line}"`);
  }
}

function parseList(bytes: Buffer, at: number, count: number): Parsed | undefined {
  const list: Answer[] = [];
  let next = at;
  for (let left = count; left > 0; left -= 1) {
    const parsed = parse(bytes, next);
    if (parsed === undefined) return undefined;
    list.push(parsed[0]);
    next = parsed[1];
  }
  return [list, next];
}

class Connection {
  readonly #socket: AnswerSocket;
  readonly #asked: ((answer: Answer) => void)[] = [];

  constructor(address: string) {
    this.#socket = new AnswerSocket(address, (bytes, at) => {
      const parsed = parse(bytes, at);
      if (parsed === undefined) return undefined;
      this.#asked.shift()?.(parsed[0]);
      return parsed[1];
    });
  }

  ask(...words: readonly string[]): Promise<Answer> {
    const answer = new Promise<Answer>((resolve) => this.#asked.push(resolve));
    this.#socket.send(command(...words));
    return this.#socket.orEnded(answer);
  }
}

export class RedisClient implements PeerClient {
  readonly #address: string;
  /** WAIT is about the writes of its own connection: each write in flight has one. */
  #free: Connection[] = [];

  constructor([address = '']: readonly string[]) {
    this.#address = address;
  }

  async prepare(inFlight: number): Promise<void> {
    while (this.#free.length < inFlight) this.#free.push(new Connection(this.#address));
  }

  async write(text: string): Promise<void> {
    const connection = this.#free.pop();
    if (connection === undefined) throw new Error('more writes in flight than were prepared');
    const [, copies] = await Promise.all([
      connection.ask('XADD', STREAM, '*', 'text', text),
      connection.ask('WAIT', `${REPLICAS}`, `${WAIT_MS}`),
    ]);
    this.#free.push(connection);
    if (copies !== REPLICAS) throw new Error(`${copies} of ${REPLICAS} replicas have it`);
  }

  turn(): void {}

  async follow(followers: number, delivered: (count: number) => void): Promise<void> {
    for (let index = 0; index < followers; index += 1) {
      const connection = new Connection(this.#address);
      await connection.ask('PING');
      // Ends with its process.
      void this.#read(connection, delivered);
    }
  }

  async #read(connection: Connection, delivered: (count: number) => void): Promise<void> {
    for (let after = '$'; ; ) {
      // [[stream, [[id, fields], …]]]
      const answer = await connection.ask('XREAD', 'BLOCK', '0', 'STREAMS', STREAM, after);
      const [[, entries]] = answer as [[string, [string, readonly string[]][]]];
      delivered(entries.length);
      after = entries.at(-1)?.[0] ?? after;
    }
  }
}
