/** A TCP connection whose answers are parsed from the bytes that have come so far. */
import { connect, type Socket } from 'node:net';
import { parseAddress } from '@dualping/protocol';

/** Takes one answer from `at` on. @returns where the next one begins; undefined: not all of it has come */
export type TakeAnswer = (bytes: Buffer, at: number) => number | undefined;

export class AnswerSocket {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #ended: Promise<never>;

  constructor(address: string, take: TakeAnswer) {
    this.#socket = connect(parseAddress(address)).setNoDelay(true);
    this.#ended = new Promise((_, reject) => {
      this.#socket.once('close', () => reject(new Error(`${address} has ended the connection`)));
    });
    // Whoever waits for an answer hears it.
    this.#ended.catch(() => {});
    this.#socket.on('error', () => {});
    this.#socket.on('data', (bytes: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
      let at = 0;
      for (let next = take(this.#bytes, at); next !== undefined; next = take(this.#bytes, at)) at = next;
      this.#bytes = this.#bytes.subarray(at);
    });
  }

  send(bytes: string): void {
    this.#socket.write(bytes);
  }

  /** The answer, unless the connection ends before. */
  async orEnded<T>(answer: Promise<T>): Promise<T> {
    return await Promise.race([answer, this.#ended]);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Where the line that begins at `at` ends, without its CR LF; -1: it has not come. */
export const endOfLine = (bytes: Buffer, at: number): number => bytes.indexOf('\r\n', at, 'latin1');
