/**
 * What happened, as a hash and, on request, as a readable trace.
 *
 * Every event goes into the hash with its time, and every line of the trace with its text. Two runs that
 * differ anywhere soon differ in the time of some event, so equal hashes mean equal runs, with or without a
 * readable trace.
 */
const FNV_PRIME = 0x01000193;
/** A second lane with another multiplier: 32 bits would let thousands of runs collide. */
const OTHER_PRIME = 0x0100018d;

export interface TraceSink {
  /** A line of the readable trace. */
  line(atMs: number, who: string, text: string): void;
  /** Every event. */
  event?(atMs: number, label: string): void;
}

export class Trace {
  #low = 0x811c9dc5;
  #high = 0x9dc5811c;
  #lines = 0;

  constructor(readonly sink?: TraceSink) {}

  event(atMs: number, label: string): void {
    this.#number(atMs);
    this.#text(label);
    this.sink?.event?.(atMs, label);
  }

  line(atMs: number, who: string, text: string): void {
    this.#lines += 1;
    this.#number(atMs);
    this.#text(who);
    this.#text(text);
    this.sink?.line(atMs, who, text);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  #number(value: number): void {
    const thousandths = Math.round(value * 1_000);
    this.#mix(thousandths | 0);
    this.#mix((thousandths / 2 ** 32) | 0);
  }

  #text(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.#mix(text.charCodeAt(at));
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, FNV_PRIME);
    this.#high = Math.imul(this.#high ^ value, OTHER_PRIME) ^ (this.#high >>> 15);
  }
}
