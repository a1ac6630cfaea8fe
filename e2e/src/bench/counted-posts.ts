/**
 * Counts the posts of a `TimelineResponse` without decoding them: the counting must cost less than the
 * server's work.
 */

/** Field 1 with a length, which is how each post is written. */
const POST_TAG = 0x0a;

/** Only for messages whose posts come first, as the server writes them. */
export function countedPosts(message: Buffer): number {
  let count = 0;
  let at = 0;
  while (at < message.length && message[at] === POST_TAG) {
    let length = 0;
    let shift = 0;
    for (;;) {
      at += 1;
      const byte = message[at] ?? 0;
      length |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) break;
    }
    at += 1 + length;
    count += 1;
  }
  return count;
}
