/**
 * Decodes entries of a server's own journal, to build the state from them.
 *
 * They were checked when they were journalled, and are not checked again. Of a post only the parts are
 * decoded that the state needs: this halves the time for a million posts. Names and sessions occur again and
 * again, so each string is made once.
 */
import { type Entry, epoch, position } from '@dualping/core';
import { decodeEntry } from './entry.js';
import { KeptTexts } from './kept-texts.js';
import { PostFields } from './post-fields.js';

const AT_SIGN = 0x40;

export class EntryReplay {
  readonly #fields = new PostFields();
  readonly #texts = new KeptTexts();

  /** The text of a post that names no user is left out. */
  decode(bytes: Buffer): Entry {
    const fields = this.#fields;
    // Answers, and posts from other clusters, are rare.
    if (!fields.find(bytes) || fields.answersEnd > 0 || fields.originEnd > 0) return decodeEntry(bytes);
    if (fields.epochEnd === 0 || fields.sessionEnd === 0 || fields.requestEnd === 0)
      return decodeEntry(bytes);
    const textFrom = fields.contentAt(bytes, fields.textAt);
    return {
      position: position(fields.numberAt(bytes, fields.positionAt)),
      epoch: epoch(fields.numberAt(bytes, fields.epochAt)),
      timeMs: fields.timeEnd > 0 ? fields.numberAt(bytes, fields.timeAt) : 0,
      sessionId: this.#texts.of(bytes, fields.contentAt(bytes, fields.sessionAt), fields.sessionEnd),
      requestNo: fields.numberAt(bytes, fields.requestAt),
      command: {
        kind: 'post',
        user: this.#texts.of(bytes, fields.contentAt(bytes, fields.userAt), fields.textAt),
        text: namesSomebody(bytes, textFrom, fields.textEnd)
          ? bytes.toString('utf8', textFrom, fields.textEnd)
          : '',
      },
    };
  }
}

function namesSomebody(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] === AT_SIGN) return true;
  return false;
}
