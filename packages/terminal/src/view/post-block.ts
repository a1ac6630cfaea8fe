/**
 * A post as rows: author and time, then the text. The height of a block depends only on the post and the
 * width, so that reading places stay when time passes, the selection changes or a search ends.
 */

import type { Answers } from '@dualping/client';
import type { Item, Outgoing, OutgoingItem, PostItem } from '../state/state.js';
import { cleanText } from '../text/clean.js';
import { linksIn } from '../text/links.js';
import { wrap } from '../text/wrap.js';
import { unreachable } from '../unreachable.js';
import { type Highlight, highlightedRow, highlightsOf, mentionPattern, searchPattern } from './highlights.js';
import { keyOf } from './keys.js';
import type { Role, Row, Span } from './row.js';
import { cutRow, firstThatFits, fitRow, lineOf, rowWidth, say } from './spans.js';

/** Cells left of the author: a blank, and the mark of a selected post. */
const AUTHOR_INDENT = 2;
const TEXT_INDENT = 4;
const RIGHT_MARGIN = 1;
/** Fewest cells of the author's name beside a status. */
const LEAST_AUTHOR_WIDTH = 8;

/** How a block looks. */
export interface BlockLook {
  readonly me: string;
  /** Returns the age or time of day of a moment. */
  readonly when: (wallMs: number) => string;
  readonly selected: boolean;
  /** The timeline gets the keys. */
  readonly focused: boolean;
  /** An own post that was acknowledged a moment ago. */
  readonly fresh: boolean;
  readonly search: string | undefined;
  /** People whose words are not shown. */
  readonly ignored: ReadonlySet<string>;
}

interface Wrapped {
  readonly width: number;
  readonly text: string;
  /** Its rows, each with its start in `text`. */
  readonly lines: readonly { readonly start: number; readonly text: string }[];
}

/** Cache by post, for the last width: all posts have the same width until the terminal is resized. */
const wrapped = new WeakMap<object, Wrapped>();

function wrapTextOf(source: { readonly text: string }, width: number): Wrapped {
  const known = wrapped.get(source);
  if (known?.width === width) return known;
  const text = known?.text ?? cleanText(source.text);
  let from = 0;
  const lines = wrap(text, width).map((line) => {
    const start = Math.max(from, text.indexOf(line, from));
    from = start + line.length;
    return { start, text: line };
  });
  const made: Wrapped = { width, text, lines: lines.length === 0 ? [{ start: 0, text: '' }] : lines };
  wrapped.set(source, made);
  return made;
}

const textWidthIn = (width: number): number => Math.max(1, width - TEXT_INDENT - RIGHT_MARGIN);

const wrappedText = (item: Item, width: number): Wrapped =>
  wrapTextOf(item.kind === 'post' ? item.post : item.outgoing, textWidthIn(width));

const hasReason = (item: Item): boolean => item.kind === 'outgoing' && item.outgoing.status.kind === 'failed';

const answersOf = (item: Item): Answers | undefined =>
  item.kind === 'post' ? item.post.answers : item.outgoing.answers;

/** Rows of a block: its header, what it answers, its text, and why it was not sent. */
export const blockHeight = (item: Item, width: number): number =>
  1 +
  (answersOf(item) === undefined ? 0 : 1) +
  wrappedText(item, width).lines.length +
  (hasReason(item) ? 1 : 0);

/** Exactly `blockHeight(item, width)` rows, none wider than `width` cells. */
export function blockRows(item: Item, width: number, look: BlockLook): readonly Row[] {
  const body = wrappedText(item, width);
  const highlights = highlightsIn(item, body.text, look);
  const base: Role = item.kind === 'outgoing' && item.outgoing.status.kind === 'sending' ? 'dim' : 'text';
  const rows = [
    headerRow(item, width - AUTHOR_INDENT, look),
    ...answersRows(item, width, look),
    ...body.lines.map(({ start, text }) => [
      say('text', ' '.repeat(TEXT_INDENT - AUTHOR_INDENT)),
      ...lineRow(body.text, start, text, highlights, base),
    ]),
    ...reasonRows(item),
  ];
  const edge = edgeOf(look);
  return rows.map((row) => cutRow([edge, ...row], width));
}

function answersRows(item: Item, width: number, { me, ignored }: BlockLook): readonly Row[] {
  const answers = answersOf(item);
  if (answers === undefined) return [];
  const row = [say('text', ' '.repeat(TEXT_INDENT - AUTHOR_INDENT)), ...answersRow(answers, me, ignored)];
  return [cutRow(row, width - AUTHOR_INDENT - RIGHT_MARGIN)];
}

/** `↳ @bob: first words…`; without the words if bob is ignored. */
export function answersRow({ author, begin }: Answers, me: string, ignored: ReadonlySet<string>): Row {
  const who = [say('dim', '↳ '), say(author === me ? 'self' : 'author', `@${lineOf(author)}`)];
  return begin === undefined || ignored.has(author) ? who : [...who, say('dim', `: ${lineOf(begin)}`)];
}

function edgeOf({ selected, focused }: BlockLook): Span {
  if (!selected) return say('text', ' '.repeat(AUTHOR_INDENT));
  return say(focused ? 'title' : 'dim', ' ▌');
}

function highlightsIn(item: Item, text: string, { me, search }: BlockLook): readonly Highlight[] {
  const mentioned = item.kind === 'post' && item.mentionsMe;
  return [
    ...linkHighlights(item, text),
    ...(mentioned ? highlightsOf(text, mentionPattern(me), 'mention') : []),
    ...(search === undefined ? [] : highlightsOf(text, searchPattern(search), 'found')),
  ];
}

function linkHighlights({ key }: Item, text: string): readonly Highlight[] {
  return linksIn(text).map(({ start, end, url }) => ({
    start,
    end,
    role: 'text',
    link: { url, id: `${key}-${start}` },
  }));
}

/** Wrapping may have changed a line (a tab, a cut grapheme); then the places of highlights are not known. */
const lineRow = (
  text: string,
  start: number,
  line: string,
  highlights: readonly Highlight[],
  base: Role,
): Row =>
  text.startsWith(line, start)
    ? highlightedRow(text, start, start + line.length, highlights, base)
    : [say(base, line)];

function headerRow(item: Item, width: number, look: BlockLook): Row {
  const author = authorRow(item, look);
  const room = width - RIGHT_MARGIN;
  const named = Math.min(rowWidth(author), LEAST_AUTHOR_WIDTH);
  const right = firstThatFits(statusVariants(item, look), Math.max(0, room - named - 1));
  return [...fitRow(author, Math.max(0, room - rowWidth(right))), ...right];
}

/** The author, highlighted if the search matches it. */
function authorRow(item: Item, { me, search }: BlockLook): Row {
  const name = item.kind === 'post' ? item.post.author : me;
  const text = `@${lineOf(name)}`;
  const found =
    search === undefined || item.kind === 'outgoing'
      ? []
      : highlightsOf(text, searchPattern(search), 'found');
  return highlightedRow(text, 0, text.length, found, name === me ? 'self' : 'author').map((span) => ({
    ...span,
    bold: true,
  }));
}

/** Variants of the header's right part, the longest first; each with a blank before it. */
function statusVariants(item: Item, look: BlockLook): readonly Row[] {
  return item.kind === 'post' ? postStatus(item, look) : outgoingStatus(item, look);
}

function postStatus({ post }: PostItem, { when, fresh }: BlockLook): readonly Row[] {
  const at = say('dim', when(post.timeMs));
  const space = say('text', ' ');
  return fresh
    ? [
        [space, say('good', '✓ '), at],
        [space, say('good', '✓')],
      ]
    : [[space, at], []];
}

function outgoingStatus({ outgoing }: OutgoingItem, { when }: BlockLook): readonly Row[] {
  const { status } = outgoing;
  const space = say('text', ' ');
  switch (status.kind) {
    case 'sending':
      return [
        [space, say('dim', '◌ sending')],
        [space, say('dim', '◌')],
      ];
    case 'sent':
      return [
        [space, say('good', '✓ '), say('dim', when(outgoing.wallMs))],
        [space, say('good', '✓')],
      ];
    case 'failed': {
      const what = say('problem', status.unknown ? '✗ perhaps sent' : '✗ not sent');
      const retry = keyOf('retry');
      const edit = keyOf('edit');
      return [
        [
          space,
          what,
          say('dim', ' · '),
          say('key', retry),
          say('dim', ' retry · '),
          say('key', edit),
          say('dim', ' edit'),
        ],
        [space, what, say('dim', ' · '), say('key', retry), say('dim', '/'), say('key', edit)],
        [space, what],
        [space, say('problem', '✗')],
      ];
    }
    default:
      return unreachable(status);
  }
}

function reasonRows(item: Item): readonly Row[] {
  if (item.kind !== 'outgoing') return [];
  const reason = reasonOf(item.outgoing);
  if (reason === undefined) return [];
  return [[say('text', ' '.repeat(TEXT_INDENT - AUTHOR_INDENT)), say('problem', `✗ ${reason}`)]];
}

function reasonOf({ status }: Outgoing): string | undefined {
  if (status.kind !== 'failed') return undefined;
  const said = lineOf(status.detail === '' ? status.reason : status.detail);
  return status.unknown ? `nobody can say whether it was posted: ${said}` : said;
}
