/** An answered post that is not in the open timeline, shown over it. */
import type { Overlay, State } from '../state/state.js';
import { wrap } from '../text/wrap.js';
import { timeText } from './ages.js';
import { answersRow, blockRows } from './post-block.js';
import type { Row } from './row.js';
import { cutRow, lineOf, say } from './spans.js';

export function answeredRows(
  { answers, found }: Extract<Overlay, { kind: 'answered' }>,
  state: State,
  width: number,
): readonly Row[] {
  if (typeof found === 'object' && 'post' in found)
    return blockRows(found, width, {
      me: state.me,
      when: (wallMs) => timeText(wallMs, state.clock),
      selected: false,
      focused: false,
      fresh: false,
      search: undefined,
      ignored: state.ignored,
    });
  const named = cutRow(answersRow(answers, state.me, state.ignored), width);
  const said = (text: string, role: 'dim' | 'problem'): readonly Row[] =>
    wrap(text, width).map((line) => [say(role, line)]);
  if (found === 'asking') return [named, [], ...said('◌ asking for it', 'dim')];
  if (found === 'unknown') return [named, [], ...said(unknownText(answers.author, answers.home), 'dim')];
  return [named, [], ...said(`✗ ${lineOf(found.problem)}`, 'problem')];
}

const unknownText = (author: string, home: number | undefined): string =>
  home === undefined
    ? `This post of @${author} is not here: it was lost, or it is not yours to see.`
    : `This post is not known in your cluster: @${author} is of cluster ${home}, and nobody here followed them then.`;
