/** The commands after `:`, and their completion. */
import { linksOfSelected } from './links.js';
import type { State } from './state.js';

export interface Command {
  readonly name: string;
  /** As the help shows it; empty: none. */
  readonly arguments: string;
  readonly help: string;
  /** Possible arguments, best first. */
  readonly candidates?: (state: State) => readonly string[];
}

const names =
  (which: (person: { readonly followed: boolean }) => boolean) =>
  ({ people = [] }: State): readonly string[] =>
    people.filter(which).map(({ name }) => name);

const oneOf =
  (...words: readonly string[]) =>
  (): readonly string[] =>
    words;

export const COMMANDS: readonly Command[] = [
  { name: 'follow', arguments: 'NAME', help: 'see what they write', candidates: names((it) => !it.followed) },
  { name: 'unfollow', arguments: 'NAME', help: 'no longer see it', candidates: names((it) => it.followed) },
  {
    name: 'mute',
    arguments: 'NAME',
    help: 'what they write is nothing new; again: it is',
    candidates: names(() => true),
  },
  {
    name: 'ignore',
    arguments: 'NAME',
    help: 'not show what they write, but in :user NAME; again: show it',
    candidates: names(() => true),
  },
  {
    name: 'list',
    arguments: 'PART',
    help: 'everybody, or whose name has PART in it: who is here, who follows',
  },
  { name: 'user', arguments: 'NAME', help: "somebody's posts", candidates: names(() => true) },
  {
    name: 'open',
    arguments: 'LINK',
    help: 'open a link of the selected post; alone: its first',
    candidates: (state) => linksOfSelected(state),
  },
  { name: 'home', arguments: '', help: 'the Home timeline' },
  { name: 'mentions', arguments: '', help: 'posts that name you' },
  { name: 'info', arguments: '', help: 'the session: server, moves, figures' },
  { name: 'router', arguments: '', help: 'which routers are asked' },
  { name: 'retry', arguments: '', help: 'send again what was not sent; try to connect now' },
  {
    name: 'theme',
    arguments: 'dark|light|plain',
    help: 'colours, or none; alone: which it is',
    candidates: oneOf('dark', 'light', 'plain'),
  },
  {
    name: 'times',
    arguments: 'relative|absolute',
    help: 'ages or times of day; alone: the other',
    candidates: oneOf('relative', 'absolute'),
  },
  {
    name: 'mouse',
    arguments: 'on|off',
    help: 'off lets the terminal select text; alone: the other',
    candidates: oneOf('on', 'off'),
  },
  {
    name: 'bell',
    arguments: 'on|off',
    help: 'ring for a mention while the window has no focus; alone: the other',
    candidates: oneOf('on', 'off'),
  },
  { name: 'help', arguments: '', help: 'keys and commands' },
  { name: 'quit', arguments: '', help: 'quit; drafts are kept' },
];

export const commandNamed = (name: string): Command | undefined =>
  COMMANDS.find((command) => command.name === name);

/** Most completions that are offered. */
const MOST_COMPLETIONS = 20;

const beginningWith = (candidates: readonly string[], part: string): readonly string[] => {
  const low = part.toLowerCase();
  return candidates.filter((it) => it.toLowerCase().startsWith(low)).slice(0, MOST_COMPLETIONS);
};

/** Completions of the last word of a command line, best first. */
export function completionsOf(state: State, line: string): readonly string[] {
  const space = line.indexOf(' ');
  if (space < 0)
    return beginningWith(
      COMMANDS.map(({ name }) => name),
      line,
    );
  const argument = line.slice(space + 1).trimStart();
  const candidates = commandNamed(line.slice(0, space))?.candidates?.(state) ?? [];
  return beginningWith(candidates, argument.startsWith('@') ? argument.slice(1) : argument);
}

/** Completions of `@an` in a post. */
export const mentionsFor = (state: State, word: string): readonly string[] =>
  word.startsWith('@') && word.length > 1
    ? beginningWith(
        (state.people ?? []).map(({ name }) => `@${name}`),
        word,
      )
    : [];
