/**
 * The text of a scenario. Lines at the margin are actions; the indented lines below an action are exactly its
 * consequences. A text may have titles: then each title begins a scenario with a world of its own.
 *
 *     ## an unanswered ping is the end of a member
 *     with 2 servers, quick timing      what is given, right below the title
 *     s1 crashes
 *       router: …
 *     # for readers only
 */

/** Runs one scenario. */
export interface Performer {
  /**
   * Does the action of a line.
   *
   * @returns its consequences so far, a line each
   * @throws ScenarioError when it can't be done
   */
  act(line: string): readonly string[];
}

/** An action for lines that match the pattern; an optional group that is absent is an empty text. */
export type Verb = readonly [pattern: RegExp, act: (...groups: string[]) => void];

export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** Does the action of the first verb that matches. */
export function actBy(verbs: readonly Verb[], line: string): void {
  for (const [pattern, act] of verbs) {
    const match = pattern.exec(line);
    if (match !== null) return act(...match.slice(1).map((group) => group ?? ''));
  }
  throw new ScenarioError(`nobody knows how to play "${line}"`);
}

const TITLE = '## ';
const GIVEN = 'with ';

export interface ScenarioText {
  readonly title: string;
  /** From its title to the next. */
  readonly text: string;
}

/** What comes before the first title says what the file is about. */
export function scenariosIn(file: string): {
  readonly about: string;
  readonly scenarios: readonly ScenarioText[];
} {
  const [about = '', ...texts] = file.split(/^(?=## )/m);
  const scenarios = texts.map((text) => ({ title: text.slice(TITLE.length, text.indexOf('\n')), text }));
  return { about, scenarios };
}

/** The parts of the line below its title; none when that is an action. */
export function givenIn(scenario: string): readonly string[] {
  const line = scenario.split('\n')[1] ?? '';
  return line.startsWith(GIVEN) ? line.slice(GIVEN.length).split(', ') : [];
}

/** The lines at the margin, each action with the consequences that really followed. */
export function perform(script: string, performer: Performer): string {
  return script
    .split('\n')
    .filter((line) => !line.startsWith(' '))
    .flatMap((line) => [line, ...(isAction(line) ? performer.act(line) : [])])
    .join('\n');
}

const isAction = (line: string): boolean => line !== '' && !line.startsWith('#') && !line.startsWith(GIVEN);
