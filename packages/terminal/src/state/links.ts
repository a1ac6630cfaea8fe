/** Opens links of the selected post, and copies links and texts. */
import { linksIn } from '../text/links.js';
import { just, type Step } from './events.js';
import { indexOfKey, itemsOf } from './items.js';
import { said } from './notices.js';
import { placeOf } from './reading.js';
import type { State } from './state.js';

/** The text as it was posted; undefined if no post is selected. */
function selectedText(state: State): string | undefined {
  const { selected } = placeOf(state);
  if (selected === undefined) return undefined;
  const items = itemsOf(state, state.timeline);
  const item = items[indexOfKey(items, selected)];
  return item?.kind === 'post' ? item.post.text : item?.outgoing.text;
}

/** Each link once, in the order of the text. */
export const linksOfSelected = (state: State): readonly string[] => [
  ...new Set(linksIn(selectedText(state) ?? '').map(({ url }) => url)),
];

/** @param url undefined: the first link of the selected post */
export function openedLink(state: State, url: string | undefined): Step {
  const link = url ?? linksOfSelected(state)[0];
  if (link === undefined) return just(withoutLink(state));
  return just(said(state, `opening ${link}`), { kind: 'open', url: link });
}

export function copiedLink(state: State): Step {
  const [link] = linksOfSelected(state);
  return link === undefined ? just(withoutLink(state)) : copying(state, link, 'the link');
}

export function copiedPost(state: State): Step {
  const text = selectedText(state);
  return text === undefined ? just(said(state, SELECT_FIRST)) : copying(state, text, 'the post');
}

const SELECT_FIRST = 'no post is selected: k selects one';

const withoutLink = (state: State): State =>
  said(state, selectedText(state) === undefined ? SELECT_FIRST : 'there is no link in this post');

/** The terminal does not report whether it copied. */
const copying = (state: State, text: string, what: string): Step =>
  just(said(state, `${what} went to the clipboard, if the terminal lets programs do that`), {
    kind: 'copy',
    text,
  });
