/**
 * Finds the fields of a post in the bytes of its journal entry, without decoding them.
 *
 * Only in entries that are written like those of `encodeEntry`: each known field once, in the order of the
 * field numbers, each number as short as possible. Callers decode an entry of another form.
 */
import { MAX_ENTRY_BYTES } from './entry.js';

/** Field number and wire type. */
export const varint = (field: number): number => field << 3;
export const bytes = (field: number): number => (field << 3) | 2;

const ENTRY = {
  position: varint(1),
  epoch: varint(2),
  time: varint(3),
  session: bytes(4),
  request: varint(5),
  post: bytes(9),
  remotePost: bytes(12),
} as const;
const POST_TEXT = { user: bytes(1), text: bytes(2), answers: bytes(3) } as const;
const REMOTE_POST = { user: bytes(1), text: bytes(2), origin: bytes(3), answers: bytes(4) } as const;
/** Longer ones may not be safe integers. */
const MAX_VARINT_BYTES = 7;
/** Whole fields of the last entry, from their tags on; an end of 0: there is no such field. */
export class PostFields {
  positionAt = 0;
  positionEnd = 0;
  epochAt = 0;
  epochEnd = 0;
  timeAt = 0;
  timeEnd = 0;
  sessionAt = 0;
  sessionEnd = 0;
  requestAt = 0;
  requestEnd = 0;
  /** User and text are adjacent. */
  userAt = 0;
  textAt = 0;
  textEnd = 0;
  answersAt = 0;
  answersEnd = 0;
  originAt = 0;
  originEnd = 0;
  /** The offset after the last number read. */
  #next = 0;

  /** False: this is not a post, or not written like those of `encodeEntry`. */
  find(entry: Buffer): boolean {
    this.positionEnd = this.epochEnd = this.timeEnd = this.sessionEnd = this.requestEnd = 0;
    this.answersEnd = this.originEnd = 0;
    if (entry.length > MAX_ENTRY_BYTES) return false;
    let before = 0;
    for (let at = 0; at < entry.length; ) {
      const tag = entry[at] as number;
      if (tag <= before) return false;
      before = tag;
      if (tag === ENTRY.post || tag === ENTRY.remotePost) {
        const length = this.#number(entry, at + 1);
        const from = this.#next;
        return (
          length > 0 &&
          from + length === entry.length &&
          this.positionEnd > 0 &&
          this.#findIn(entry, from, tag === ENTRY.post)
        );
      }
      const value = this.#number(entry, at + 1);
      if (value <= 0) return false;
      switch (tag) {
        case ENTRY.position:
          this.positionAt = at;
          this.positionEnd = this.#next;
          break;
        case ENTRY.time:
          this.timeAt = at;
          this.timeEnd = this.#next;
          break;
        case ENTRY.epoch:
          this.epochAt = at;
          this.epochEnd = this.#next;
          break;
        case ENTRY.session:
          this.sessionAt = at;
          this.#next += value;
          this.sessionEnd = this.#next;
          break;
        case ENTRY.request:
          this.requestAt = at;
          this.requestEnd = this.#next;
          break;
        default:
          return false;
      }
      at = this.#next;
    }
    return false;
  }

  #findIn(entry: Buffer, from: number, isOwn: boolean): boolean {
    this.userAt = from;
    if (entry[from] !== POST_TEXT.user) return false;
    this.textAt = this.#endOf(entry, from);
    if (this.textAt < 0 || entry[this.textAt] !== POST_TEXT.text) return false;
    this.textEnd = this.#endOf(entry, this.textAt);
    let at = this.textEnd;
    if (at < 0) return false;
    if (!isOwn) {
      if (at === entry.length || entry[at] !== REMOTE_POST.origin) return false;
      this.originAt = at;
      at = this.originEnd = this.#endOf(entry, at);
      if (at < 0) return false;
    }
    if (at < entry.length) {
      if (entry[at] !== (isOwn ? POST_TEXT.answers : REMOTE_POST.answers)) return false;
      this.answersAt = at;
      at = this.answersEnd = this.#endOf(entry, at);
    }
    return at === entry.length;
  }

  /** The number in a found field. */
  numberAt(entry: Buffer, at: number): number {
    return this.#number(entry, at + 1);
  }

  /** Where the content of a found field begins. */
  contentAt(entry: Buffer, at: number): number {
    this.#number(entry, at + 1);
    return this.#next;
  }

  /** Where a field with its length at `at` ends; -1: it is empty, or does not end within the entry. */
  #endOf(entry: Buffer, at: number): number {
    const length = this.#number(entry, at + 1);
    const end = this.#next + length;
    return length > 0 && end <= entry.length ? end : -1;
  }

  /** -1: not as short as possible, too long, or cut off. */
  #number(from: Buffer, at: number): number {
    let value = 0;
    let factor = 1;
    for (let index = at; index < from.length && index < at + MAX_VARINT_BYTES; index += 1) {
      const byte = from[index] as number;
      if (byte < 128) {
        this.#next = index + 1;
        return byte === 0 && index > at ? -1 : value + byte * factor;
      }
      value += (byte - 128) * factor;
      factor *= 128;
    }
    return -1;
  }
}
