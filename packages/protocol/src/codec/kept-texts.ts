/**
 * Names and ids of entries, each made and checked once, because they occur again and again. Bounded: if two
 * have the same place the later one stays.
 */

/** A power of two; about as many users who post in turn are still found. */
const PLACES = 32_768;

export class KeptTexts {
  readonly #texts: (string | undefined)[] = new Array(PLACES).fill(undefined);

  /** @param judge throws for an invalid text */
  constructor(readonly judge: (text: string) => void = () => {}) {}

  /** Decodes ASCII: any other byte becomes a character that no name has. */
  of(bytes: Buffer, from: number, to: number): string {
    let hash = to - from;
    for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const kept = this.#texts[place];
    if (kept !== undefined && isAt(kept, bytes, from, to)) return kept;
    const text = bytes.toString('latin1', from, to);
    this.judge(text);
    this.#texts[place] = text;
    return text;
  }
}

function isAt(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at - from) !== bytes[at]) return false;
  return true;
}
