/** Everybody there is, who is here, and who follows whom. */
import type { Person, State } from '../state/state.js';
import { presenceGlyph } from './names.js';
import type { Row } from './row.js';
import { fitRow, lineOf, loud, say } from './spans.js';

/** Longest name that the relations beside it are aligned to. */
const MOST_NAME_WIDTH = 20;

export function everybodyRows({ people }: State): readonly Row[] {
  if (people === undefined)
    return [[say('dim', 'Not known yet: it is asked for as soon as there is a server.')]];
  if (people.length === 0) return [[say('dim', 'Nobody but you has been here yet.')]];
  const here = people.filter(({ present }) => present).length;
  const nameWidth = Math.min(
    MOST_NAME_WIDTH,
    people.reduce((most, { name }) => Math.max(most, name.length), 0),
  );
  return [
    [say('dim', `${people.length} ${people.length === 1 ? 'person' : 'people'} besides you, ${here} here`)],
    [],
    ...people.map((person) => personRow(person, nameWidth)),
  ];
}

const personRow = ({ name, present, followed, followsMe }: Person, nameWidth: number): Row => [
  say(present ? 'good' : 'dim', `${presenceGlyph(present)} `),
  ...fitRow([followed ? loud('author', lineOf(name)) : say('text', lineOf(name))], nameWidth),
  say('dim', `  ${[...(followed ? ['you follow'] : []), ...(followsMe ? ['follows you'] : [])].join(' · ')}`),
];
