/** The line about a person, above that person's posts. */
import type { Person, State } from '../state/state.js';
import { keyOf } from './keys.js';
import { presenceGlyph } from './names.js';
import { personNamed } from './people-index.js';
import type { Row } from './row.js';
import { cutRow, lineOf, loud, rowWidth, say } from './spans.js';

const DOT = say('dim', ' · ');

export function profileRow(state: State, name: string, width: number): Row {
  const who = loud(name === state.me ? 'self' : 'author', `  @${lineOf(name)}`);
  const row: Row[] = [[who]];
  for (const part of partsOf(state, name)) {
    const longer = [DOT, ...part];
    // The last parts are the least important, and are left out whole.
    if (rowWidth([...row.flat(), ...longer]) > width) break;
    row.push(longer);
  }
  return cutRow(row.flat(), width);
}

function partsOf(state: State, name: string): readonly Row[] {
  if (name === state.me) return [[say('dim', 'this is you')]];
  const person = personNamed(state, name);
  if (person === undefined)
    return state.people === undefined ? [] : [[say('dim', 'nobody has that name yet')]];
  return [
    ...(person.followed ? [[say('text', 'you follow')]] : []),
    ...(person.followsMe ? [[say('text', 'follows you')]] : []),
    ...(state.ignored.has(name) ? [[say('warning', 'ignored')]] : []),
    ...(state.muted.has(name) ? [[say('warning', 'muted')]] : []),
    presence(person),
    [
      say('key', keyOf(person.followed ? 'unfollow' : 'follow')),
      say('dim', person.followed ? ' unfollow' : ' follow'),
    ],
  ];
}

const presence = ({ present }: Person): Row => [
  say(present ? 'good' : 'dim', presenceGlyph(present)),
  say(present ? 'text' : 'dim', present ? ' here' : ' away'),
];
