/**
 * Tests that are texts: `transcripts/AREA/*.txt`. A title, and what happens; the indented lines below are
 * what comes of it, no more and no less:
 *
 *     ## an unanswered ping is the end of a member
 *     with pings every 50 ms, dead after 150 ms
 *     s1 attaches
 *       s1 is welcomed: epoch 0, …
 *     # A comment.
 *     1000 ms pass
 *
 * What stands before the first title says what the file is about. With `REWRITE_TRANSCRIPTS=1` the files are
 * written anew with what really comes: read the difference before you commit it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Plays one transcript. */
export interface Performer {
  /** Does what the line says. @returns what comes of it, a line each */
  act(line: string): readonly string[];
}

/** Does what the first pattern that fits says; an optional group that is absent is an empty text. */
export type Verb = readonly [pattern: RegExp, act: (...groups: string[]) => void];

export function actBy(verbs: readonly Verb[], line: string): void {
  for (const [pattern, act] of verbs) {
    const match = pattern.exec(line);
    if (match !== null) return act(...match.slice(1).map((group) => group ?? ''));
  }
  throw new Error(`nobody knows how to play "${line}"`);
}

const TITLE = '## ';
const GIVEN = 'with ';

/** @param performer for one transcript; `given` is what stands behind `with`, in parts */
export function playTranscripts(area: string, performer: (given: readonly string[]) => Performer): void {
  const folder = fileURLToPath(new URL(`../transcripts/${area}`, import.meta.url));
  for (const name of readdirSync(folder).sort()) playFile(join(folder, name), performer);
}

function playFile(path: string, performer: (given: readonly string[]) => Performer): void {
  const [about = '', ...parts] = readFileSync(path, 'utf8').split(/^(?=## )/m);
  const performed: string[] = [];
  for (const part of parts) {
    const title = part.slice(TITLE.length, part.indexOf('\n'));
    test(title, () => {
      const really = perform(part, performer);
      performed.push(really);
      if (process.env.REWRITE_TRANSCRIPTS !== '1') assert.equal(really, part);
    });
  }
  after(() => {
    if (process.env.REWRITE_TRANSCRIPTS === '1' && performed.length === parts.length)
      writeFileSync(path, about + performed.join(''));
  });
}

/** The lines that are not indented, each with what comes of it. */
function perform(part: string, performer: (given: readonly string[]) => Performer): string {
  const lines = part.split('\n').filter((line) => !line.startsWith(' '));
  const given = lines[1]?.startsWith(GIVEN) ? lines[1].slice(GIVEN.length).split(', ') : [];
  const played = performer(given);
  const before = given.length > 0 ? 2 : 1;
  return lines
    .flatMap((line, index) => {
      const isDone = index >= before && line !== '' && !line.startsWith('#');
      return [line, ...(isDone ? played.act(line).map((text) => `  ${text}`) : [])];
    })
    .join('\n');
}
