/** Handles input, depending on which part of the screen has the keys. */
import { isEditingKey, textOf } from '../editor/editor.js';
import { specialKey, withoutAlt } from '../input/key-name.js';
import type { KeyToken, Token } from '../input/token.js';
import { unreachable } from '../unreachable.js';
import { backwards, loadingOlder } from './arrivals.js';
import { browsing } from './browsing.js';
import { completed, composerKey, composerLeft, recalled, sent, typed } from './composing.js';
import { just, type Step, then } from './events.js';
import { stopped } from './finding.js';
import { isTooSmall } from './geometry.js';
import { itemsOf } from './items.js';
import { type Action, actionOf, beginsChord, type Where } from './keymap.js';
import { mouseUsed } from './mouse.js';
import { overlayAction } from './overlays.js';
import { confirmed, promptCompleted, promptKey, promptRecalled, promptTyped } from './prompting.js';
import { leaving } from './quitting.js';
import { paged } from './reading.js';
import { draftOf } from './screen-geometry.js';
import type { State } from './state.js';
import { seen, withPlace } from './unread.js';
import { whereOf } from './where.js';

const QUITTING: readonly string[] = ['q', 'ctrl-c'];

/** Then loads older posts if the open timeline does not fill the screen. */
export function tokenCame(state: State, token: Token): Step {
  return then(tokenTaken(state, token), (next) =>
    next.timeline !== state.timeline && itemsOf(next, next.timeline).length === 0
      ? loadingOlder(next)
      : just(next),
  );
}

function tokenTaken(before: State, token: Token): Step {
  const byPerson = token.kind === 'key' || token.kind === 'paste' || token.kind === 'mouse';
  const state = byPerson ? { ...before, lastInputMs: before.clock.monoMs } : before;
  if (byPerson && isTooSmall(state.size)) return tooSmall(state, token);
  switch (token.kind) {
    case 'key':
      if (state.seeking !== undefined && token.name === 'escape')
        return just({ ...stopped(state), search: undefined });
      return then(keysOf(state.seeking === undefined ? state : stopped(state), token), (next) =>
        just(seen(next)),
      );
    case 'paste':
      return just(pasted(state, token.text));
    case 'mouse': {
      const next = seen(mouseUsed(state, token));
      return token.action === 'wheel-up' && next.overlay === undefined ? backwards(next) : just(next);
    }
    case 'focus':
      return just({ ...state, windowFocused: token.focused });
    case 'background':
      return backgroundTold(state, token.light);
    case 'sign':
      return just(state);
    default:
      return unreachable(token);
  }
}

/** A chosen theme, and a theme without colours, stay. */
function backgroundTold(state: State, light: boolean): Step {
  const theme = light ? 'light' : 'dark';
  const { settings, followsBackground } = state;
  if (!followsBackground || settings.theme === theme) return just(state);
  return just({ ...state, settings: { ...settings, theme } }, { kind: 'theme', theme });
}

/**
 * In a window that is too small only quitting works: otherwise a person would write, or post, without seeing
 * it.
 */
function tooSmall(state: State, token: Token): Step {
  return token.kind === 'key' && QUITTING.includes(token.name) ? leaving(state) : just(state);
}

/**
 * Alt with a key that has no binding counts as Esc and then that key, as in vim: what follows Esc is never
 * typed into a post.
 */
function keysOf(state: State, key: KeyToken): Step {
  const next = withoutAlt(key);
  const isKnown =
    actionOf(whereOf(state), key.name) !== undefined || (isWriting(state) && isEditingKey(key.name));
  if (next === undefined || isKnown) return keyPressed(calmed(state, key), key);
  return then(keysOf(state, specialKey('escape')), (left) => keysOf(left, next));
}

const isWriting = (state: State): boolean => ['composer', 'prompt'].includes(whereOf(state));

/** Any key except the one that quits cancels quitting. */
function calmed(state: State, { name }: KeyToken): State {
  if (!state.quitting || QUITTING.includes(name)) return state;
  return { ...state, quitting: false, notice: undefined };
}

function pasted(state: State, text: string): State {
  const { prompt, overlay, focus } = state;
  if (overlay !== undefined) return state;
  if (prompt !== undefined) return promptTyped(state, prompt, text);
  // A paste is always text: it opens the composer.
  return typed(focus === 'composer' ? state : { ...state, focus: 'composer' }, text);
}

function keyPressed(state: State, key: KeyToken): Step {
  const where = whereOf(state);
  const name = state.chord === undefined ? key.name : `${state.chord} ${key.name}`;
  const action = actionOf(where, name);
  if (action === undefined && beginsChord(where, name)) return just({ ...state, chord: name });
  return keyDone({ ...state, chord: undefined }, where, action, state.chord === undefined ? key : NO_KEY);
}

/** If two keys have no binding together, the second is not typed. */
const NO_KEY: KeyToken = { kind: 'key', name: '', text: undefined };

function keyDone(state: State, where: Where, action: Action | undefined, key: KeyToken): Step {
  if (action !== undefined) {
    const general = everywhere(state, action);
    if (general !== undefined) return general;
  }
  switch (where) {
    case 'overlay':
      return overlayAction(state, action);
    case 'prompt':
      return promptAction(state, action, key);
    case 'composer':
      return composerAction(state, action, key);
    case 'timeline':
    case 'sidebar':
      return action === undefined ? just(state) : browsing(state, where, action);
    default:
      return unreachable(where);
  }
}

function everywhere(state: State, action: Action): Step | undefined {
  switch (action) {
    case 'redraw':
      return just(state, { kind: 'redraw' });
    case 'suspend':
      return just(state, { kind: 'suspend' });
    case 'quit':
      return leaving(state);
    default:
      return undefined;
  }
}

function promptAction(state: State, action: Action | undefined, key: KeyToken): Step {
  const { prompt } = state;
  if (prompt === undefined) return just(state);
  switch (action) {
    case 'confirm':
      return confirmed(state, prompt);
    case 'leave':
      return just({ ...state, prompt: undefined, recalled: 0 });
    case 'complete':
      return just(promptCompleted(state, prompt, 1));
    case 'complete-back':
      return just(promptCompleted(state, prompt, -1));
    case 'recall-older':
      return just(promptRecalled(state, prompt, 1));
    case 'recall-newer':
      return just(promptRecalled(state, prompt, -1));
    default:
      return just(promptKey(state, prompt, key) ?? state);
  }
}

function composerAction(state: State, action: Action | undefined, key: KeyToken): Step {
  switch (action) {
    case 'send':
      return sent(state);
    case 'edit-elsewhere':
      return just(state, { kind: 'edit', timeline: state.timeline, text: textOf(draftOf(state)) });
    case 'new-line':
      return just(typed(state, '\n'));
    case 'leave':
      return just(composerLeft(state));
    case 'complete':
      return just(completed(state, 1));
    case 'complete-back':
      return just(completed(state, -1));
    case 'recall-older':
      return just(recalled(state, 1));
    case 'recall-newer':
      return just(recalled(state, -1));
    case 'page-up':
      return backwards(withPlace(state, paged(state, -1)));
    case 'page-down':
      return just(withPlace(state, paged(state, 1)));
    default:
      return just(composerKey(state, key) ?? state);
  }
}
