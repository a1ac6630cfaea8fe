/** The last row: the keys that do something now, or a short notice. */
import { answerOverPosts } from '../state/answers.js';
import { type Action, type Binding, KEYMAP, type Where } from '../state/keymap.js';
import { linksOfSelected } from '../state/links.js';
import { placeOf } from '../state/reading.js';
import type { State } from '../state/state.js';
import { whereOf } from '../state/where.js';
import { timeText } from './ages.js';
import { countText } from './counts.js';
import { keyText } from './keys.js';
import { personNamed } from './people-index.js';
import type { Row } from './row.js';
import { cutRow, firstThatFits, lineOf, rowWidth, say } from './spans.js';
import { selectedItem, subjectOf } from './subject.js';

export function footerRow(state: State, width: number): Row {
  const { notice, clock } = state;
  if (state.seeking !== undefined) return seekingRow(state, width);
  if (notice === undefined || notice.untilMs <= clock.monoMs) return keysRow(state, width);
  const text = lineOf(notice.text);
  return cutRow(
    notice.kind === 'problem' ? [say('problem', ` ✗ ${text}`)] : [say('text', ` ${text}`)],
    width,
  );
}

/** How far back a search has come. */
function seekingRow({ posts, search, clock }: State, width: number): Row {
  const first = posts[0]?.post;
  const what = `searching "${lineOf(search ?? '')}"`;
  const far = `${countText(posts.length)} posts back`;
  const until = first === undefined ? '' : `, to ${timeText(first.timeMs, clock)}`;
  return firstThatFits(
    [
      `${what}: ${far}${until} · any key stops`,
      `${far}${until} · any key stops`,
      `${far} · any key stops`,
      far,
    ].map((text) => [say('warning', ' ◌ '), say('text', text)]),
    width,
  );
}

interface Shown {
  readonly key: string;
  readonly label: string;
  readonly action: Action;
}

/** The actions that stay when there is little room, the most needed first. */
const MOST_NEEDED: readonly Action[] = [
  'send',
  'confirm',
  'retry',
  'edit',
  'help',
  'compose',
  'open',
  'quit',
  'leave',
];

function keysRow(state: State, width: number): Row {
  const shown = keysNow(state);
  const rank = ({ action }: Shown): number => {
    const at = MOST_NEEDED.indexOf(action);
    return at < 0 ? MOST_NEEDED.length : at;
  };
  const byNeed = [...shown].sort((a, b) => rank(a) - rank(b));
  const chosen = new Set<Shown>();
  let room = width - 1;
  for (const each of byNeed) {
    const wanted = rowWidth(spansOf(each));
    if (wanted > room) continue;
    chosen.add(each);
    room -= wanted;
  }
  return cutRow([say('text', ' '), ...shown.filter((each) => chosen.has(each)).flatMap(spansOf)], width);
}

const spansOf = ({ key, label }: Shown): Row => [say('key', key), say('dim', ` ${label}  `)];

function keysNow(state: State): readonly Shown[] {
  const where = whereOf(state);
  return KEYMAP.flatMap((binding) => {
    const label = binding.where.includes(where) ? labelNow(binding, where, state) : undefined;
    return label === undefined || binding.keys.length === 0
      ? []
      : [{ key: keyText(binding.keys[0] ?? ''), label, action: binding.action }];
  });
}

/** The label of a key now; undefined: the key does nothing now, or is obvious. */
function labelNow({ action, label }: Binding, where: Where, state: State): string | undefined {
  switch (action) {
    case 'next-unread':
      return [...state.unread.values()].some((count) => count > 0) ? label : undefined;
    case 'retry':
    case 'edit':
      return where === 'timeline' && isUnsent(state) ? action : undefined;
    case 'reply': {
      const item = selectedItem(state);
      return item?.kind === 'post' ? action : undefined;
    }
    case 'open-user': {
      const item = selectedItem(state);
      const answers = item?.kind === 'post' ? item.post.answers : item?.outgoing.answers;
      return answers === undefined ? undefined : label;
    }
    case 'open-answered':
      return answerOverPosts(state) === undefined ? undefined : label;
    case 'open-link':
      return linksOfSelected(state).length > 0 ? label : undefined;
    case 'copy':
      return selectedItem(state) === undefined ? undefined : label;
    case 'leave':
      return where !== 'timeline' || hasToLeave(state) ? label : undefined;
    case 'filter':
      return state.overlay?.kind === 'people' ? label : undefined;
    case 'follow':
      return isFollowed(state) ? undefined : label;
    case 'unfollow':
      return isFollowed(state) ? action : undefined;
    default:
      return label;
  }
}

/** Whether Esc would remove anything in a timeline. */
function hasToLeave(state: State): boolean {
  const { selected, divider } = placeOf(state);
  return (
    state.timeline !== 'home' || state.search !== undefined || selected !== undefined || divider !== undefined
  );
}

function isUnsent(state: State): boolean {
  const item = selectedItem(state);
  return item?.kind === 'outgoing' && item.outgoing.status.kind === 'failed';
}

function isFollowed(state: State): boolean {
  const subject = subjectOf(state);
  return subject !== undefined && personNamed(state, subject)?.followed === true;
}
