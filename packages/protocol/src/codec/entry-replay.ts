/**
 * Entries out of a server's own journal, for a state that is made of them anew.
 *
 * They were judged when they were journalled, and are not judged again. Of a post only that is decoded which a
 * state is made of: a million posts are read in a third of the time. Names and sessions come back again and again, so
 * each is made once.
 */
import { type Entry, epoch, position } from '@dualping/core';
import { decodeEntry } from './entry.js';
import { PostFields } from './post-fields.js';

/** How many texts are kept; a power of two. As many users who post by turns are still found. */
const KEPT_TEXTS = 32_768;
const AT_SIGN = 0x40;

export class EntryReplay {
  readonly #fields = new PostFields();
  readonly #texts: (string | undefined)[] = new Array(KEPT_TEXTS).fill(undefined);

  /** The text of a post that names nobody is left out. */
  decode(bytes: Buffer): Entry {
    const fields = this.#fields;
    // Answers, and posts from elsewhere, are few.
    if (!fields.find(bytes) || fields.answersEnd > 0 || fields.originEnd > 0) return decodeEntry(bytes);
    if (fields.epochEnd === 0 || fields.sessionEnd === 0 || fields.requestEnd === 0)
      return decodeEntry(bytes);
    const textFrom = fields.contentAt(bytes, fields.textAt);
    return {
      position: position(fields.numberAt(bytes, fields.positionAt)),
      epoch: epoch(fields.numberAt(bytes, fields.epochAt)),
      timeMs: fields.timeEnd > 0 ? fields.numberAt(bytes, fields.timeAt) : 0,
      sessionId: this.#textOf(bytes, fields.contentAt(bytes, fields.sessionAt), fields.sessionEnd),
      requestNo: fields.numberAt(bytes, fields.requestAt),
      command: {
        kind: 'post',
        user: this.#textOf(bytes, fields.contentAt(bytes, fields.userAt), fields.textAt),
        text: namesSomebody(bytes, textFrom, fields.textEnd)
          ? bytes.toString('utf8', textFrom, fields.textEnd)
          : '',
      },
    };
  }

  /** Of names and ids: ASCII. */
  #textOf(bytes: Buffer, from: number, to: number): string {
    let hash = to - from;
    for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (KEPT_TEXTS - 1);
    const kept = this.#texts[slot];
    if (kept !== undefined && isAt(kept, bytes, from, to)) return kept;
    const text = bytes.toString('latin1', from, to);
    this.#texts[slot] = text;
    return text;
  }
}

function isAt(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at - from) !== bytes[at]) return false;
  return true;
}

function namesSomebody(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] === AT_SIGN) return true;
  return false;
}
