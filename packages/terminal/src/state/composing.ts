/** Drafts, one for each timeline, and how they become posts. */
import { type Answers, MAX_POST_LENGTH, postProblem } from '@dualping/client';
import {
  changed,
  type Editor,
  edit,
  editorWith,
  emptyEditor,
  insert,
  isEmpty,
  replaceWordBefore,
  textOf,
  wordBefore,
} from '../editor/editor.js';
import type { KeyToken } from '../input/token.js';
import { mentionsFor } from './commands.js';
import { type Effect, just, type Step } from './events.js';
import { itemsOf, showsOutbox } from './items.js';
import { problem, said } from './notices.js';
import { NEWEST, placeOf } from './reading.js';
import { draftOf } from './screen-geometry.js';
import type { Outgoing, State, TimelineId } from './state.js';
import { undivided, withPlace } from './unread.js';

/** Most texts that Up brings back. */
export const MOST_SENT_TEXTS = 100;
/**
 * Longest draft: a text longer than a post may stay and be edited, but a larger paste is a mistake.
 */
const MOST_DRAFT_LENGTH = 20 * MAX_POST_LENGTH;

export function withDraft(state: State, editor: Editor): State {
  const drafts = new Map(state.drafts);
  // A draft that was emptied by hand stays, so that the text can be brought back.
  if (editor === emptyEditor) drafts.delete(state.timeline);
  else drafts.set(state.timeline, editor);
  return { ...state, drafts };
}

/** Replaces the whole text; undo brings the old one back. */
export function editedElsewhere(state: State, timeline: TimelineId, text: string): State {
  const before = state.drafts.get(timeline) ?? emptyEditor;
  if (textOf(before) === text) return state;
  const { text: cleaned, cursor } = editorWith(text.slice(0, MOST_DRAFT_LENGTH));
  const drafts = new Map(state.drafts).set(
    timeline,
    changed(before, { text: cleaned, cursor }, 'nothing', false),
  );
  return { ...state, drafts };
}

/** @param name begins the post with `@name`, unless there is text already */
export function composing(state: State, name: string | undefined): State {
  const next: State = { ...state, focus: 'composer' };
  if (name === undefined || !isEmpty(draftOf(state))) return next;
  return withDraft(next, editorWith(`@${name} `));
}

export function typed(state: State, text: string): State {
  const draft = draftOf(state);
  if (textOf(draft).length + text.length > MOST_DRAFT_LENGTH)
    return problem(state, `${text.length} characters don't fit: a post has at most ${MAX_POST_LENGTH}`);
  return withDraft({ ...state, recalled: 0 }, insert(draft, text));
}

/** @returns undefined when the key does nothing here */
export function composerKey(state: State, { name, text }: KeyToken): State | undefined {
  const draft = draftOf(state);
  if (name === 'up' && (isEmpty(draft) || state.recalled > 0)) return recalled(state, 1);
  if (name === 'down' && state.recalled > 0) return recalled(state, -1);
  if (name === 'backspace' && isEmpty(draft) && state.answering.has(state.timeline))
    return withAnswer(state, undefined);
  const edited = edit(draft, name);
  if (edited !== undefined) return withDraft(state, edited);
  return text === undefined ? undefined : typed(state, text);
}

/** @param by 1: what was sent before that; -1: after it */
export function recalled(state: State, by: 1 | -1): State {
  const { sentTexts } = state;
  if (state.recalled === 0 && !isEmpty(draftOf(state)))
    return said(state, 'what is written would be lost: send it or clear it first');
  const to = Math.min(sentTexts.length, Math.max(0, state.recalled + by));
  const text = to === 0 ? '' : (sentTexts.at(-to) ?? '');
  return { ...withDraft(state, text === '' ? emptyEditor : editorWith(text)), recalled: to };
}

/** `@an` becomes `@ana `, and each further Tab tries the next matching name. */
export function completed(state: State, by: 1 | -1): State {
  const draft = draftOf(state);
  const word = wordBefore(draft);
  const names = (state.people ?? []).map(({ name }) => `@${name}`);
  const at = names.indexOf(word);
  const fitting = mentionsFor(state, word);
  if (at < 0) {
    const first = fitting.at(by > 0 ? 0 : -1);
    return first === undefined
      ? said(state, nothingFits(state, word))
      : withDraft(state, replaceWordBefore(draft, first));
  }
  const next = names[(at + by + names.length) % names.length];
  return next === undefined ? state : withDraft(state, replaceWordBefore(draft, next));
}

function nothingFits({ people }: State, word: string): string {
  if (!word.startsWith('@') || word === '@') return 'Tab completes @ and the begin of a name';
  if (people === undefined) return 'who there is is not known yet';
  return `nobody's name begins with "${word.slice(1)}"`;
}

export function sent(state: State): Step {
  const text = textOf(draftOf(state)).trimEnd();
  if (text === '') return just(composerLeft(state));
  const over = [...text].length - MAX_POST_LENGTH;
  if (over > 0)
    return just(problem(state, `not sent: ${over} characters over the ${MAX_POST_LENGTH} of a post`));
  const why = postProblem(text);
  if (why !== undefined) return just(problem(state, why));
  const id = state.lastOutgoing + 1;
  const answers = state.answering.get(state.timeline);
  const outgoing: Outgoing = {
    id,
    text,
    ...(answers !== undefined && { answers }),
    wallMs: state.clock.wallMs,
    status: { kind: 'sending' },
  };
  const told = showsOutbox(state, state.timeline)
    ? { ...state, notice: undefined }
    : said(state, '◌ sending: it shows up in Home');
  const next = undivided({
    ...withDraft(withAnswer(told, undefined), emptyEditor),
    recalled: 0,
    lastOutgoing: id,
    outbox: [...state.outbox, outgoing],
    sentTexts: [...state.sentTexts.filter((it) => it !== text), text].slice(-MOST_SENT_TEXTS),
  });
  return just(withPlace(next, { ...placeOf(next), top: 'newest', selected: undefined }), {
    kind: 'post',
    ...sending(outgoing),
  });
}

const sending = ({ id, text, answers }: Outgoing) => ({
  id,
  text,
  ...(answers !== undefined && { answers }),
});

/** Sets the post that the draft of the open timeline answers; undefined: none. */
export function withAnswer(state: State, answers: Answers | undefined): State {
  if (state.answering.get(state.timeline) === answers) return state;
  const answering = new Map(state.answering);
  if (answers === undefined) answering.delete(state.timeline);
  else answering.set(state.timeline, answers);
  return { ...state, answering };
}

/** A person who leaves an empty composer no longer wants to answer. */
export function composerLeft(state: State): State {
  const next: State = { ...state, focus: 'timeline', recalled: 0 };
  return isEmpty(draftOf(state)) ? withAnswer(next, undefined) : next;
}

const failedAt = (state: State): Outgoing | undefined => {
  const { selected } = placeOf(state);
  const item = itemsOf(state, state.timeline).find(({ key }) => key === selected);
  return item?.kind === 'outgoing' && item.outgoing.status.kind === 'failed' ? item.outgoing : undefined;
};

const allFailed = ({ outbox }: State): readonly Outgoing[] =>
  outbox.filter(({ status }) => status.kind === 'failed');

/** Sends failed posts again: the selected one, else all. */
export function retried(state: State): Step {
  const one = failedAt(state);
  const again = one === undefined ? allFailed(state) : [one];
  if (again.length === 0) return just(said(state, 'nothing waits to be sent again'));
  const effects: Effect[] = again.map((outgoing) => ({ kind: 'post', ...sending(outgoing) }));
  const outbox = state.outbox.map((outgoing) =>
    again.includes(outgoing) ? ({ ...outgoing, status: { kind: 'sending' } } as const) : outgoing,
  );
  return just({ ...state, outbox, notice: undefined }, ...effects);
}

/** Takes a failed post back into the composer. */
export function takenBack(state: State): Step {
  const one = failedAt(state) ?? allFailed(state).at(-1);
  if (one === undefined) return just(said(state, 'only what was not sent can be edited'));
  if (!isEmpty(draftOf(state)))
    return just(problem(state, 'something else is written here: send or clear it first'));
  const outbox = state.outbox.filter((outgoing) => outgoing !== one);
  const place = { ...(state.places.get(state.timeline) ?? NEWEST), selected: undefined };
  const next = withAnswer({ ...state, outbox, focus: 'composer' }, one.answers);
  return just(withPlace(withDraft(next, editorWith(one.text)), place));
}
