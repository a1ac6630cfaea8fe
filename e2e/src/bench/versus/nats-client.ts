/** NATS JetStream: each write is published and acknowledged by the stream; followers have push consumers. */
import { randomUUID } from 'node:crypto';
import { AnswerSocket, endOfLine } from './answer-socket.js';
import type { PeerClient } from './peer-client.js';

export const STREAM = 'posts';
/** How long an answer of the API may take, ms: a node that does not lead passes the question on. */
const API_MS = 1_000;

interface ApiAnswer {
  readonly error?: { readonly description: string };
  readonly cluster?: {
    readonly leader?: string;
    readonly replicas?: readonly { readonly current: boolean }[];
  };
}

/** A connection to one node. */
export class NatsConnection {
  readonly #socket: AnswerSocket;
  readonly #inbox = `_INBOX.${randomUUID()}`;
  readonly #asked = new Map<number, (payload: string) => void>();
  #last = 0;

  /** @param pushed called for each message to `subject` */
  constructor(address: string, subject?: string, pushed?: () => void) {
    this.#socket = new AnswerSocket(address, (bytes, at) => {
      const end = endOfLine(bytes, at);
      if (end === -1) return undefined;
      const line = bytes.toString('latin1', at, end);
      if (line === 'PING') this.#socket.send('PONG\r\n');
      if (!line.startsWith('MSG ')) return end + 2;
      // MSG subject sid [reply] length
      const words = line.split(' ');
      const length = Number(words.at(-1));
      const from = end + 2;
      if (bytes.length < from + length + 2) return undefined;
      const [, to = ''] = words;
      if (to.startsWith(this.#inbox)) this.#answered(to, bytes.toString('utf8', from, from + length));
      else pushed?.();
      return from + length + 2;
    });
    const own = subject === undefined ? '' : `SUB ${subject} 2\r\n`;
    this.#socket.send(`CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${this.#inbox}.* 1\r\n${own}`);
  }

  /** The answer to what is published; rejects when there is none in time. */
  async ask(subject: string, payload: string, patienceMs: number): Promise<string> {
    this.#last += 1;
    const no = this.#last;
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<string>((resolve, reject) => {
      this.#asked.set(no, resolve);
      timer = setTimeout(
        () => reject(new Error(`no answer to ${subject} within ${patienceMs} ms`)),
        patienceMs,
      );
    });
    this.#socket.send(`PUB ${subject} ${this.#inbox}.${no} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
    try {
      return await this.#socket.orEnded(answer);
    } finally {
      clearTimeout(timer);
      this.#asked.delete(no);
    }
  }

  /** A question to JetStream's API. */
  async api(subject: string, question: unknown): Promise<ApiAnswer> {
    const answer = JSON.parse(
      await this.ask(`$JS.API.${subject}`, JSON.stringify(question), API_MS),
    ) as ApiAnswer;
    if (answer.error !== undefined) throw new Error(`NATS: ${subject}: ${answer.error.description}`);
    return answer;
  }

  close(): void {
    this.#socket.close();
  }

  #answered(to: string, payload: string): void {
    this.#asked.get(Number(to.slice(to.lastIndexOf('.') + 1)))?.(payload);
  }
}

export class NatsClient implements PeerClient {
  #connection: NatsConnection;
  #at = 0;

  constructor(readonly addresses: readonly string[]) {
    this.#connection = new NatsConnection(addresses[0] ?? '');
  }

  async prepare(): Promise<void> {}

  async write(text: string, patienceMs: number): Promise<void> {
    const answer = JSON.parse(await this.#connection.ask(STREAM, text, patienceMs)) as ApiAnswer;
    if (answer.error !== undefined) throw new Error(`NATS: ${answer.error.description}`);
  }

  turn(): void {
    this.#connection.close();
    this.#at = (this.#at + 1) % this.addresses.length;
    this.#connection = new NatsConnection(this.addresses[this.#at] ?? '');
  }

  async follow(followers: number, delivered: (count: number) => void): Promise<void> {
    for (let index = 0; index < followers; index += 1) {
      const subject = `to.${index}`;
      const connection = new NatsConnection(this.addresses[0] ?? '', subject, () => delivered(1));
      await connection.api(`CONSUMER.CREATE.${STREAM}`, {
        stream_name: STREAM,
        config: { deliver_subject: subject, deliver_policy: 'new', ack_policy: 'none' },
      });
    }
  }
}
