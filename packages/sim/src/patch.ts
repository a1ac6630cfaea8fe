/** Changes of a program that are found by what it says, not by how it is laid out. */
import { type Token, tokensOf } from './tokens.js';

export interface Change {
  /** Is there exactly once; see `tokensOf` for what does not count. */
  readonly find: string;
  readonly replace: string;
}

/**
 * @param place what the program is called when the change does not fit
 * @throws Error that names the place, and how far the change fits there
 */
export function changed(source: string, { find, replace }: Change, place: string): string {
  const tokens = tokensOf(source);
  const wanted = tokensOf(find);
  const found = tokens.flatMap((_, at) => (lengthFitting(tokens, at, wanted) === wanted.length ? [at] : []));
  const [at] = found;
  const first = at === undefined ? undefined : tokens[at];
  const last = at === undefined ? undefined : tokens[at + wanted.length - 1];
  if (found.length !== 1 || first === undefined || last === undefined)
    throw new Error(
      `${place} has ${found.length} times, not once: ${find}${
        found.length === 0 ? nearest(source, tokens, wanted) : linesOf(source, tokens, found)
      }`,
    );
  return source.slice(0, first.start) + replace + source.slice(last.end);
}

/** How many of the wanted tokens are there from `at` on. */
function lengthFitting(tokens: readonly Token[], at: number, wanted: readonly Token[]): number {
  let length = 0;
  while (length < wanted.length && tokens[at + length]?.text === wanted[length]?.text) length += 1;
  return length;
}

const lineOf = (source: string, token: Token): number => source.slice(0, token.start).split('\n').length;

function linesOf(source: string, tokens: readonly Token[], found: readonly number[]): string {
  const lines = found.map((at) => lineOf(source, tokens[at] as Token));
  return `; lines ${lines.join(', ')}`;
}

/** For repairing it: the place at which most of it fits, and what is there instead of the rest. */
function nearest(source: string, tokens: readonly Token[], wanted: readonly Token[]): string {
  let best = { at: 0, length: 0 };
  for (const at of tokens.keys()) {
    const length = lengthFitting(tokens, at, wanted);
    if (length > best.length) best = { at, length };
  }
  const there = tokens[best.at + best.length];
  const due = wanted[best.length];
  if (best.length === 0 || due === undefined) return '';
  const line = lineOf(source, tokens[best.at] as Token);
  return `; line ${line} has ${there?.text ?? 'its end'} where ${due.text} is due`;
}
