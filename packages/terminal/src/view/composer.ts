/** The composer: the draft of this timeline, or the line in which a command or a search is typed. */
import { MAX_POST_LENGTH } from '@dualping/client';
import { type Editor, isEmpty, layout, textOf } from '../editor/editor.js';
import type { Area } from '../state/geometry.js';
import {
  COMPOSER_INDENT,
  composerWidth,
  draftOf,
  PROMPT_INDENT,
  promptWidth,
} from '../state/screen-geometry.js';
import type { Prompt, State } from '../state/state.js';
import { keyOf } from './keys.js';
import type { Frame, Row } from './row.js';
import { cutRow, firstThatFits, loud, rowWidth, say, sides } from './spans.js';

export interface ComposerView {
  /** As many rows as the area is high. */
  readonly rows: readonly Row[];
  readonly cursor: Frame['cursor'];
}

/** From this length on the counter warns. */
const WARN_FROM_LENGTH = MAX_POST_LENGTH - 100;

export function composerView(state: State, area: Area): ComposerView {
  const { prompt } = state;
  const view = prompt === undefined ? draftView(state, area) : promptView(prompt, area);
  return {
    rows: Array.from({ length: area.height }, (_, y) => cutRow(view.rows[y] ?? [], area.width)),
    cursor: state.overlay === undefined ? view.cursor : undefined,
  };
}

function promptView({ kind, editor }: Prompt, area: Area): ComposerView {
  const { rows, cursorRow, cursorColumn } = layout(editor, promptWidth(area.width), 1);
  return {
    rows: [[loud('key', kind === 'command' ? ' :' : ' /'), say('text', rows[0] ?? '')]],
    cursor: cursorAt(area, PROMPT_INDENT + cursorColumn, cursorRow),
  };
}

function draftView(state: State, area: Area): ComposerView {
  const draft = draftOf(state);
  const writing = state.focus === 'composer';
  const mark = loud(writing ? 'title' : 'dim', ' › ');
  const { rows, cursorRow, cursorColumn } = layout(draft, composerWidth(area.width), area.height);
  const cursor = writing ? cursorAt(area, COMPOSER_INDENT + cursorColumn, cursorRow) : undefined;
  if (isEmpty(draft)) return { rows: [placeholderRow(state, writing, area.width)], cursor };
  const counter = counterRow(draft);
  return {
    rows: rows.map((text, y) => {
      const left = [
        y === 0 ? mark : say('text', ' '.repeat(COMPOSER_INDENT)),
        say(writing ? 'text' : 'dim', text),
      ];
      return y === 0 ? sides(left, counter, area.width) : left;
    }),
    cursor,
  };
}

const cursorAt = ({ x, y, width, height }: Area, column: number, row: number): Frame['cursor'] => ({
  x: x + Math.max(0, Math.min(column, width - 1)),
  y: y + Math.max(0, Math.min(row, height - 1)),
});

/**
 * The hint in an empty composer: how to begin, what it is for, and that a post waits if there is no server.
 */
function placeholderRow({ connection, answering, timeline }: State, writing: boolean, width: number): Row {
  const mark = loud(writing ? 'title' : 'dim', ' › ');
  const away =
    connection.kind === 'waiting' || connection.kind === 'lost' || connection.kind === 'connecting';
  const room = width - rowWidth([mark]);
  const isAnswer = writing && answering.has(timeline);
  const hint = isAnswer
    ? [[say('dim', 'your answer; '), say('key', 'Backspace'), say('dim', ': a post of its own')]]
    : writing
      ? [[say('dim', away ? 'sent as soon as there is a server' : 'what is going on?')]]
      : [
          [
            say('key', keyOf('compose')),
            say('dim', away ? ' to write: it is sent as soon as there is a server' : ' to write a post'),
          ],
          [say('key', keyOf('compose')), say('dim', ' to write')],
        ];
  return [mark, ...firstThatFits(hint, room)];
}

/** The length of the text, counted as for the limit. */
function counterRow(draft: Editor): Row {
  const text = textOf(draft);
  const length = [...text].length;
  const over = length - MAX_POST_LENGTH;
  if (over > 0) return [loud('problem', `✗ ${over} over`), say('text', ' ')];
  const role = length > WARN_FROM_LENGTH ? 'warning' : 'dim';
  return [say(role, `${length}/${MAX_POST_LENGTH}`), say('text', ' ')];
}
