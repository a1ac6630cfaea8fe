/**
 * Numbers and texts one after another, each as short as possible, for a server's own files. The reader knows
 * the format, and has a checksum over the bytes.
 */

/** Bytes that a number takes at most: 2^53 in groups of 7 bits. */
const MAX_NUMBER_BYTES = 8;

export class PackedWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A whole number from 0 to the largest safe one. */
  number(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no count`);
    this.#makeRoom(MAX_NUMBER_BYTES);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) {
      this.#bytes[this.#length] = (rest % 128) | 128;
      this.#length += 1;
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
    return this;
  }

  text(value: string): this {
    const length = Buffer.byteLength(value);
    this.number(length);
    this.#makeRoom(length);
    this.#length += this.#bytes.write(value, this.#length);
    return this;
  }

  /** The bytes written since the last `take`. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.#length + bytes));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

export class PackedReader {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get isDone(): boolean {
    return this.#at >= this.bytes.length;
  }

  number(): number {
    let byte = this.#byte();
    let value = byte & 127;
    for (let factor = 128; byte > 127; factor *= 128) {
      byte = this.#byte();
      value += (byte & 127) * factor;
    }
    return value;
  }

  text(): string {
    const length = this.number();
    const from = this.#at;
    this.#at += length;
    return this.bytes.toString('utf8', from, this.#at);
  }

  #byte(): number {
    const byte = this.bytes[this.#at];
    if (byte === undefined) throw new RangeError(`nothing is left after ${this.#at} bytes`);
    this.#at += 1;
    return byte;
  }
}
