/** The right column of wide screens: a person, and the session. */
import type { Size } from '../state/geometry.js';
import type { State } from '../state/state.js';
import { type Fact, personFacts, sessionFacts } from './facts.js';
import { presenceGlyph } from './names.js';
import { personNamed } from './people-index.js';
import type { Row } from './row.js';
import { cutRow, lineOf, loud, say } from './spans.js';
import { subjectOf } from './subject.js';

/** Cells of the labels, with the indent before them. */
const LABEL_WIDTH = 16;

/** Exactly `height` rows. */
export function paneRows(state: State, { width, height }: Size): readonly Row[] {
  const name = subjectOf(state) ?? state.me;
  const session: readonly Row[] = [[loud('title', ' Session')], ...sessionFacts(state).map(factRow)];
  const person: readonly Row[] = [...personHead(state, name), ...personFacts(state, name).map(factRow), []];
  // If both do not fit, only the session is shown.
  const rows = person.length + session.length <= height ? [...person, ...session] : session;
  return Array.from({ length: height }, (_, y) => cutRow(rows[y] ?? [], width));
}

function personHead(state: State, name: string): readonly Row[] {
  if (name === state.me) return [[loud('self', ` @${lineOf(name)}`), say('dim', ' · you')]];
  const head = loud('author', ` @${lineOf(name)}`);
  const person = personNamed(state, name);
  if (person === undefined) return [[head]];
  const here = person.present;
  return [
    [
      head,
      say('text', ' '),
      say(here ? 'good' : 'dim', ` ${presenceGlyph(here)}`),
      say(here ? 'text' : 'dim', here ? ' here' : ' away'),
    ],
  ];
}

export const factRow = ({ label, value, role }: Fact): Row => [
  say('dim', `  ${label}`.padEnd(LABEL_WIDTH)),
  say(role, value),
];
