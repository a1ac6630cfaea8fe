/**
 * Checks posts of another server's journal as `decodeEntry` does, but returns only the needed parts. A new
 * standby spent most of its time decoding a million texts that it did not need.
 */
import { MAX_POST_LENGTH, type Position, position, type UserName } from '@dualping/core';
import { sessionIdFrom, userFrom } from './judge.js';
import { KeptTexts } from './kept-texts.js';
import { PostFields } from './post-fields.js';

export interface JudgedPost {
  readonly position: Position;
  readonly user: UserName;
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const LAST_PLAIN = 0x7e;

export class PostJudge {
  readonly #fields = new PostFields();
  readonly #users = new KeptTexts(userFrom);
  readonly #sessions = new KeptTexts(sessionIdFrom);

  /**
   * Undefined when it has to be decoded: it answers another post, comes from another cluster, contains other
   * characters than ASCII, or is not well formed. Throws for an invalid name or session.
   */
  judge(entry: Buffer): JudgedPost | undefined {
    const fields = this.#fields;
    if (!fields.find(entry) || fields.answersEnd > 0 || fields.originEnd > 0) return undefined;
    if (fields.epochEnd === 0 || fields.sessionEnd === 0 || fields.requestEnd === 0) return undefined;
    if (!isPlain(entry, fields.contentAt(entry, fields.textAt), fields.textEnd)) return undefined;
    this.#sessions.of(entry, fields.contentAt(entry, fields.sessionAt), fields.sessionEnd);
    const user = this.#users.of(entry, fields.contentAt(entry, fields.userAt), fields.textAt);
    return { position: position(fields.numberAt(entry, fields.positionAt)), user };
  }
}

/** Whether it is an allowed text of only ASCII; checking other texts costs more. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  if (to - from > MAX_POST_LENGTH) return false;
  let isEmpty = true;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if ((byte < SPACE && byte !== LINE_FEED) || byte > LAST_PLAIN) return false;
    if (byte > SPACE) isEmpty = false;
  }
  return !isEmpty;
}
