/** Collects what is pasted: bounded, and as text, not as keys. */

/**
 * A hundred posts of the longest: beyond that it was not meant for a composer. The rest of the paste is
 * dropped.
 */
export const MOST_PASTED_CHARACTERS = 100_000;

/** Controls, the escape character among them: what they would have done is not text. */
const CONTROLS = /(?![\n\t])\p{Cc}/gu;

export class PastedText {
  readonly #parts: string[] = [];
  #length = 0;

  add(text: string): void {
    const room = MOST_PASTED_CHARACTERS - this.#length;
    if (room <= 0) return;
    const part = text.length <= room ? text : text.slice(0, room);
    this.#parts.push(part);
    this.#length += part.length;
  }

  /** Lines parted by `\n`: terminals send `\r` for them, clipboards of other systems `\r\n`. */
  text(): string {
    return this.#parts.join('').replace(/\r\n?/g, '\n').replace(CONTROLS, '');
  }
}
