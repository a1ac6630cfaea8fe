/** The text of a post from the command line, treated as the composer would treat it. */
import { DualpingError, MAX_POST_LENGTH, postProblem, quote } from '@dualping/core';

/**
 * A post in UTF-8 has at most 4 bytes a character; the rest is for line breaks that are cut off at its end.
 */
const MOST_BYTES = 4 * MAX_POST_LENGTH + 1_024;

/** Tabs are spaces and lines end in `\n`, as in the composer: a post looks the same on every screen. */
export const asTyped = (text: string): string => text.replace(/\r\n?/g, '\n').replaceAll('\t', ' ');

/** @throws DualpingError `invalid-post` */
export function judgedPost(text: string): string {
  const post = asTyped(text);
  const problem = postProblem(post);
  if (problem !== undefined) throw new DualpingError('invalid-post', problem);
  return post;
}

/** Reads a post from a pipe or a file, without the line breaks at its end. */
export async function postFrom(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > MOST_BYTES)
      throw new DualpingError(
        'invalid-post',
        `standard input has more than ${MOST_BYTES} bytes: a post has at most ${MAX_POST_LENGTH} characters`,
      );
    chunks.push(part);
  }
  const read = Buffer.concat(chunks);
  try {
    return judgedPost(new TextDecoder('utf-8', { fatal: true }).decode(read).replace(/[\r\n]+$/, ''));
  } catch (error) {
    if (error instanceof DualpingError) throw error;
    throw new DualpingError('invalid-post', `standard input ${quote(read.toString('latin1'))} is not UTF-8`);
  }
}
