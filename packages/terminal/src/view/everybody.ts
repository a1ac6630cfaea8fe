/** The list of all people: who is present, and who follows whom. */
import type { Person, State } from '../state/state.js';
import { countText } from './counts.js';
import { presenceGlyph } from './names.js';
import type { Row } from './row.js';
import { fitRow, lineOf, loud, say } from './spans.js';

/** Longest name to which the column beside it is aligned. */
const MOST_NAME_WIDTH = 20;

/** @param part only people whose name contains it, in upper or lower case */
export function everybodyRows({ people: all }: State, part: string): readonly Row[] {
  const wanted = part.toLowerCase();
  const people = all?.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (people === undefined)
    return [[say('dim', 'Not known yet: it is asked for as soon as there is a server.')]];
  if (people.length === 0 && part !== '')
    return [[say('dim', `Nobody of ${countText(all?.length ?? 0)} has "${lineOf(part)}" in the name.`)]];
  if (people.length === 0) return [[say('dim', 'Nobody but you has been here yet.')]];
  const here = people.filter(({ present }) => present).length;
  const nameWidth = Math.min(
    MOST_NAME_WIDTH,
    people.reduce((most, { name }) => Math.max(most, name.length), 0),
  );
  return [headRow(people.length, here, part), [], ...people.map((person) => personRow(person, nameWidth))];
}

function headRow(count: number, here: number, part: string): Row {
  const who = `${countText(count)} ${count === 1 ? 'person' : 'people'}`;
  const whose = part === '' ? 'besides you' : `with "${lineOf(part)}" in the name`;
  return [say('dim', `${who} ${whose}, ${countText(here)} here`)];
}

const personRow = ({ name, present, followed, followsMe }: Person, nameWidth: number): Row => [
  say(present ? 'good' : 'dim', `${presenceGlyph(present)} `),
  ...fitRow([followed ? loud('author', lineOf(name)) : say('text', lineOf(name))], nameWidth),
  say('dim', `  ${[...(followed ? ['you follow'] : []), ...(followsMe ? ['follows you'] : [])].join(' · ')}`),
];
