/**
 * Tests that are text files: `transcripts/AREA/*.txt`. Each test has a title and actions; the indented lines
 * below an action are exactly its consequences:
 *
 *     ## an unanswered ping is the end of a member
 *     with pings every 50 ms, dead after 150 ms
 *     s1 attaches
 *       s1 is welcomed: epoch 0, …
 *     # A comment.
 *     1000 ms pass
 *
 * The text before the first title says what the file is about. With `REWRITE_TRANSCRIPTS=1` the files are
 * written again with the real consequences: read the difference before you commit it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Runs one transcript. */
export interface Performer {
  /** Does the action of a line. @returns its consequences, a line each */
  act(line: string): readonly string[];
}

/** An action for lines that match the pattern; an optional group that is absent is an empty text. */
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

/** @param performer for one transcript; `given` has the parts of its `with` line */
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

/** Runs the lines that are not indented. @returns each with its consequences */
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
