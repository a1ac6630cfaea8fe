/**
 * Copies posts from the journal to a timeline without decoding them.
 *
 *     Entry         position │ epoch │ time │ session │ request │ { user, text, … answers, origin }
 *                      │                │                             │
 *     TimelinePost  position │ { author, text } │ time │ answers │ origin
 *
 * The fields of a post in a timeline are in its entry byte for byte, only with other tags. Copying them takes
 * a fifth of the time of decoding, checking and encoding, and they were checked when they were journalled. An
 * entry that is not written like those of `encodeEntry` is decoded, which finds what is wrong with it.
 */
import { DualpingError, type Position, type Post, postIn } from '@dualping/core';
import { decodeEntry, MAX_ENTRY_BYTES } from './entry.js';
import { bytes, PostFields, varint } from './post-fields.js';
import { encodePostFragment } from './timeline.js';

/** A post as bytes of the journal. */
export interface JournalledPost {
  /** Of its entry. */
  readonly entry: Buffer;
  /** Its reader does not follow its author: it is shown because it names the reader. */
  readonly unfollowed: boolean;
}

const TIMELINE_POST = {
  position: varint(1),
  author: bytes(2),
  text: bytes(3),
  time: varint(4),
  answers: bytes(5),
  origin: bytes(6),
  unfollowed: varint(7),
} as const;
const RESPONSE = { posts: bytes(1), page: bytes(3) } as const;
const PAGE = { before: varint(1), posts: bytes(2), oldest: varint(3) } as const;

/** Up to this many bytes are copied faster one by one than by a call. */
const FEW_BYTES = 48;
/** Longest post in a timeline: an entry has the same content, except a tag and a length. */
const MAX_POST_BYTES = MAX_ENTRY_BYTES + 16;
/** Room for the fields before the posts of a page: two tags and two numbers. */
const PAGE_HEAD_BYTES = 24;

const fields = new PostFields();
/** Buffer in which messages are built; each is copied out before the next one. */
let out = Buffer.allocUnsafe(64 * 1024);

/** Throws for an entry without a post. */
export function decodeJournalledPost({ entry, unfollowed }: JournalledPost): Post {
  const decoded = decodeEntry(entry);
  const post = postIn(decoded);
  if (post === undefined)
    throw new DualpingError('internal', `entry ${decoded.position} is no post: ${decoded.command.kind}`);
  return unfollowed ? { ...post, unfollowed } : post;
}

/** The bytes of `encodePostFragment` of each, one after another. */
export function encodeJournalledPosts(posts: readonly JournalledPost[]): Buffer {
  return copied(0, putPosts(posts, 0, RESPONSE.posts));
}

/** A message that contains only a page. */
export function encodeJournalledPage(page: {
  readonly before: Position;
  /** Ascending. */
  readonly posts: readonly JournalledPost[];
  readonly oldest: boolean;
}): Buffer {
  let end = putPosts(page.posts, PAGE_HEAD_BYTES, PAGE.posts);
  if (page.oldest) end = putNumber(putByte(end, PAGE.oldest), 1);
  // The first fields are known last: they are written before the rest, and then moved up to it.
  const beforeBytes = page.before === 0 ? 0 : 1 + lengthOf(page.before);
  const length = end - PAGE_HEAD_BYTES + beforeBytes;
  const start = PAGE_HEAD_BYTES - beforeBytes - lengthOf(length) - 1;
  const at = putNumber(putByte(start, RESPONSE.page), length);
  if (beforeBytes > 0) putNumber(putByte(at, PAGE.before), page.before);
  return copied(start, end);
}

const copied = (from: number, to: number): Buffer => Buffer.from(out.subarray(from, to));

function putPosts(posts: readonly JournalledPost[], from: number, tag: number): number {
  let at = from;
  for (const post of posts) {
    if (out.length - at < MAX_POST_BYTES) grow();
    at = fields.find(post.entry) ? putFields(post, at, tag) : putDecoded(post, at, tag);
  }
  // Room for the fields that may follow.
  if (out.length - at < MAX_POST_BYTES) grow();
  return at;
}

/** Writes what `fields` has found. */
function putFields({ entry, unfollowed }: JournalledPost, from: number, tag: number): number {
  const { positionAt, positionEnd, userAt, textAt, textEnd, timeAt, timeEnd } = fields;
  const { answersAt, answersEnd, originAt, originEnd } = fields;
  const length =
    positionEnd -
    positionAt +
    (textEnd - userAt) +
    (timeEnd > 0 ? timeEnd - timeAt : 0) +
    (answersEnd > 0 ? answersEnd - answersAt : 0) +
    (originEnd > 0 ? originEnd - originAt : 0) +
    (unfollowed ? 2 : 0);
  let at = putNumber(putByte(from, tag), length);
  at = putField(at, entry, positionAt, positionEnd, TIMELINE_POST.position);
  const author = at;
  at = putField(at, entry, userAt, textEnd, TIMELINE_POST.author);
  out[author + textAt - userAt] = TIMELINE_POST.text;
  if (timeEnd > 0) at = putField(at, entry, timeAt, timeEnd, TIMELINE_POST.time);
  if (answersEnd > 0) at = putField(at, entry, answersAt, answersEnd, TIMELINE_POST.answers);
  if (originEnd > 0) at = putField(at, entry, originAt, originEnd, TIMELINE_POST.origin);
  return unfollowed ? putByte(putByte(at, TIMELINE_POST.unfollowed), 1) : at;
}

function putDecoded(post: JournalledPost, at: number, tag: number): number {
  const fragment = encodePostFragment(decodeJournalledPost(post));
  fragment.copy(out, at);
  out[at] = tag;
  return at + fragment.length;
}

/** Copies a field with another tag. */
function putField(at: number, from: Buffer, start: number, end: number, tag: number): number {
  if (end - start > FEW_BYTES) from.copy(out, at, start, end);
  else for (let index = start, to = at; index < end; index += 1, to += 1) out[to] = from[index] as number;
  out[at] = tag;
  return at + end - start;
}

function putByte(at: number, byte: number): number {
  out[at] = byte;
  return at + 1;
}

function putNumber(from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) at = putByte(at, (rest % 128) | 128);
  return putByte(at, rest);
}

function lengthOf(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

function grow(): void {
  const grown = Buffer.allocUnsafe(2 * out.length);
  out.copy(grown);
  out = grown;
}
