/** The first row: the user, and the state of the session. */
import type { State } from '../state/state.js';
import { connectionVariants } from './connection-text.js';
import { timelineTitle } from './names.js';
import type { Row } from './row.js';
import { cutRow, lineOf, loud, rowWidth, say, sides } from './spans.js';

/** Cells between the left and the right part, at least. */
const LEAST_GAP = 2;
/** A longer name is shortened to make room for the session's state. */
const LEAST_IDENTITY_WIDTH = 12;
const RIGHT_MARGIN = 1;

/** @param titled without a sidebar: the header names the open timeline */
export function headerRow(state: State, width: number, titled: boolean): Row {
  const lefts = identityVariants(state, titled);
  const shortest = Math.min(rowWidth(lefts.at(-1) ?? []), LEAST_IDENTITY_WIDTH);
  const rights = connectionVariants(state);
  const room = width - RIGHT_MARGIN - LEAST_GAP;
  // The session's state is more important than the name of the program.
  const right =
    rights.find((row) => rowWidth(row) + shortest <= room) ?? cutRow(rights.at(-1) ?? [], room - shortest);
  const left = lefts.find((row) => rowWidth(row) + rowWidth(right) <= room) ?? lefts.at(-1) ?? [];
  return sides(left, [...right, say('text', ' '.repeat(RIGHT_MARGIN))], width);
}

function identityVariants(state: State, titled: boolean): readonly Row[] {
  const me = loud('self', `@${lineOf(state.me)}`);
  const name = [loud('title', ' dualping'), say('text', '  '), me];
  if (!titled) return [name, [say('text', ' '), me]];
  const timeline = [say('text', ' '), me, say('dim', ' · '), loud('title', timelineTitle(state.timeline))];
  const elsewhere = mentionsElsewhere(state);
  return [
    ...(elsewhere === undefined ? [] : [[...timeline, ...elsewhere]]),
    timeline,
    [say('text', ' '), me],
  ];
}

/** The count of unread mentions, for a screen without a sidebar. */
function mentionsElsewhere({ unread, timeline }: State): Row | undefined {
  const count = unread.get('mentions') ?? 0;
  if (count === 0 || timeline === 'mentions') return undefined;
  return [say('dim', ' · '), say('unread', `${count} ${count === 1 ? 'mention' : 'mentions'}`)];
}
