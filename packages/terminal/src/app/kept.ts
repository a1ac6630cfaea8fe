/** The part of the state that is saved for the next run. */
import { isEmpty, textOf } from '../editor/editor.js';
import type { Kept } from '../state/initial.js';
import type { State } from '../state/state.js';

export const keptOf = ({
  drafts,
  answering,
  outbox,
  places,
  sentTexts,
  muted,
  ignored,
  followers,
}: State): Kept => ({
  drafts: new Map(
    [...drafts]
      .filter(([, editor]) => !isEmpty(editor))
      .map(([timeline, editor]) => [timeline, textOf(editor)]),
  ),
  answering,
  unsent: outbox
    .filter(({ status }) => status.kind !== 'sent')
    .map(({ text, answers }) => ({ text, ...(answers !== undefined && { answers }) })),
  readUpTo: new Map(
    [...places]
      .filter(([, { readUpTo }]) => readUpTo > 0)
      .map(([timeline, { readUpTo }]) => [timeline, readUpTo]),
  ),
  sentTexts,
  muted: [...muted],
  ignored: [...ignored],
  ...(followers === undefined ? {} : { followers: [...followers] }),
});

/** Whether something that is saved may have changed. */
export const mayDiffer = (one: State, other: State): boolean =>
  one.drafts !== other.drafts ||
  one.answering !== other.answering ||
  one.outbox !== other.outbox ||
  one.places !== other.places ||
  one.sentTexts !== other.sentTexts ||
  one.muted !== other.muted ||
  one.ignored !== other.ignored ||
  one.followers !== other.followers;
