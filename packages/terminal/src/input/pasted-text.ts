/** Collects a paste: with a limit, and as text, not as keys. */

/**
 * A hundred of the longest posts: a longer paste was not meant for the composer. Its rest is dropped.
 */
export const MOST_PASTED_CHARACTERS = 100_000;

/** Control characters, including Escape: they are not text. */
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

  /** Lines separated by `\n`: terminals send `\r`, and clipboards of other systems `\r\n`. */
  text(): string {
    return this.#parts.join('').replace(/\r\n?/g, '\n').replace(CONTROLS, '');
  }
}
