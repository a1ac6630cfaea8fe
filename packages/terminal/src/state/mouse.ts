/** Handles clicks. */
import { isEmpty, pointedAt } from '../editor/editor.js';
import type { Token } from '../input/token.js';
import { withDraft } from './composing.js';
import type { Area } from './geometry.js';
import { overlayScrolled } from './overlays.js';
import { placeOf, scrolled, windowOf } from './reading.js';
import {
  COMPOSER_INDENT,
  composerWidth,
  draftOf,
  geometryNow,
  PROMPT_INDENT,
  postsArea,
  promptWidth,
} from './screen-geometry.js';
import { sidebarEntries } from './sidebar-entries.js';
import { sidebarLineAt } from './sidebar-lines.js';
import type { State } from './state.js';
import { opened } from './timelines.js';
import { withPlace } from './unread.js';

type Mouse = Extract<Token, { kind: 'mouse' }>;

const WHEEL_ROWS = 3;

const isIn = ({ x, y, width, height }: Area, mouse: Mouse): boolean =>
  mouse.x >= x && mouse.x < x + width && mouse.y >= y && mouse.y < y + height;

export function mouseUsed(state: State, mouse: Mouse): State {
  if (state.overlay !== undefined) return overlayMouse(state, mouse);
  const { sidebar, composer } = geometryNow(state);
  const posts = postsArea(state);
  if (mouse.action === 'wheel-up' || mouse.action === 'wheel-down') {
    const by = mouse.action === 'wheel-up' ? -WHEEL_ROWS : WHEEL_ROWS;
    return withPlace(state, scrolled(state, by));
  }
  if (mouse.action !== 'press' || mouse.button !== 'left') return state;
  if (isIn(composer, mouse)) return pointed(state, composer, mouse);
  if (state.prompt !== undefined) return state;
  if (sidebar !== undefined && isIn(sidebar, mouse)) {
    const at = sidebarLineAt(state, sidebar.height, mouse.y - sidebar.y);
    const entry = at === undefined ? undefined : sidebarEntries(state)[at];
    if (at === undefined || entry === undefined) return state;
    return { ...opened(state, entry.kind === 'timeline' ? entry.id : `@${entry.name}`), focus: 'timeline' };
  }
  if (!isIn(posts, mouse)) return state;
  const { blocks, blankRows, olderRow } = windowOf(state, posts);
  let y = posts.y + blankRows + (olderRow ? 1 : 0);
  for (const { item, rows } of blocks) {
    if (mouse.y >= y && mouse.y < y + rows)
      return { ...withPlace(state, { ...placeOf(state), selected: item.key }), focus: 'timeline' };
    y += rows;
  }
  return { ...state, focus: 'timeline' };
}

/** Puts the cursor of the draft where the person clicked. */
function pointed(state: State, composer: Area, mouse: Mouse): State {
  const { prompt, size } = state;
  const row = mouse.y - composer.y;
  if (prompt !== undefined) {
    const column = mouse.x - composer.x - PROMPT_INDENT;
    const editor = pointedAt(prompt.editor, promptWidth(size.width), 1, { row, column });
    return { ...state, prompt: { ...prompt, editor } };
  }
  const column = mouse.x - composer.x - COMPOSER_INDENT;
  const writing: State = { ...state, focus: 'composer' };
  const draft = draftOf(state);
  if (isEmpty(draft)) return writing;
  return withDraft(writing, pointedAt(draft, composerWidth(size.width), composer.height, { row, column }));
}

function overlayMouse(state: State, { action }: Mouse): State {
  if (state.overlay === undefined) return state;
  if (action === 'press') return { ...state, overlay: undefined };
  const by = action === 'wheel-down' ? WHEEL_ROWS : action === 'wheel-up' ? -WHEEL_ROWS : 0;
  return overlayScrolled(state, state.overlay.scroll + by);
}
