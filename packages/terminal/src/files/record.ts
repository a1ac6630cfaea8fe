/** The content of a client file, as JSON: writes it, reads and checks it, and merges several files. */
import { type Answers, userNameProblem } from '@dualping/client';
import type { Kept, Unsent } from '../state/initial.js';
import type { TimelineId } from '../state/state.js';

export interface Record {
  readonly user: string;
  readonly network: string;
  readonly savedAtMs: number;
  readonly kept: Kept;
}

export type Reading =
  | { readonly kind: 'record'; readonly record: Record }
  /** Written by a later version of this program: it must not be changed. */
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged'; readonly why: string };

/** 2: unsent texts may answer a post. Files of version 1 are read too. */
export const VERSION = 2;
const FIRST_VERSION = 1;

/** Most sent texts that are kept, for Up. */
export const MOST_SENT_TEXTS = 200;
/** Most unsent texts that are kept, the newest. */
const MOST_UNSENT = 1_000;
/** Most timelines that are remembered: all users of a large network. */
const MOST_TIMELINES = 10_000;

/**
 * Most followers that are remembered, to notice new ones: with more followers some would be reported as new
 * again.
 */
const MOST_FOLLOWERS = 100_000;

export const nothingKept: Kept = { drafts: new Map(), unsent: [], readUpTo: new Map(), sentTexts: [] };

export function recordText({ user, network, savedAtMs, kept }: Record): string {
  const content = {
    version: VERSION,
    user,
    network,
    savedAtMs,
    drafts: Object.fromEntries(newest(kept.drafts)),
    answering: kept.answering && Object.fromEntries(newest(kept.answering)),
    unsent: kept.unsent
      .slice(-MOST_UNSENT)
      .map((unsent) => (unsent.answers === undefined ? unsent.text : unsent)),
    readUpTo: Object.fromEntries(newest(kept.readUpTo)),
    sentTexts: kept.sentTexts.slice(-MOST_SENT_TEXTS),
    muted: kept.muted,
    ignored: kept.ignored,
    followers: kept.followers?.slice(-MOST_FOLLOWERS),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Maps keep the order of insertion. */
const newest = <Value>(map: ReadonlyMap<TimelineId, Value>): (readonly [TimelineId, Value])[] =>
  [...map].slice(-MOST_TIMELINES);

export function readRecord(text: string): Reading {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return damaged('it is no JSON');
  }
  if (!isObject(content)) return damaged('it is no object');
  const {
    version,
    user,
    network,
    savedAtMs,
    drafts,
    answering,
    unsent,
    readUpTo,
    sentTexts,
    muted,
    ignored,
    followers,
  } = content;
  if (typeof version !== 'number') return damaged('it has no version');
  if (version > VERSION) return { kind: 'newer', version };
  if (!Number.isInteger(version) || version < FIRST_VERSION) return damaged(`it has version ${version}`);
  if (typeof user !== 'string' || typeof network !== 'string') return damaged('it does not say whose it is');
  if (typeof savedAtMs !== 'number') return damaged('it does not say when it was saved');
  if (!isMapOf(drafts, isText)) return damaged('its drafts are not texts by timeline');
  if (!isMapOf(readUpTo, isPosition)) return damaged('its places are not positions by timeline');
  if (!isListOf(unsent, isUnsent) || !isListOfTexts(sentTexts))
    return damaged('its texts are no list of texts');
  const kept = {
    drafts: mapOf(drafts),
    ...(isMapOf(answering, isAnswers) ? { answering: mapOf(answering) } : {}),
    unsent: unsent.map((each): Unsent => (isText(each) ? { text: each } : each)),
    readUpTo: mapOf(readUpTo),
    sentTexts,
    ...(isListOfTexts(muted) ? { muted } : {}),
    ...(isListOfTexts(ignored) ? { ignored } : {}),
    ...(isListOfTexts(followers) ? { followers } : {}),
  };
  return { kind: 'record', record: { user, network, savedAtMs, kept } };
}

/**
 * Merges the files of several clients. The newest draft of a timeline stays its draft; older ones go to the
 * end of the sent texts, where Up finds them first. A text that two clients failed to send is kept once: it
 * may be the same one.
 */
export function mergedKept(records: readonly Record[]): Kept {
  const inOrder = records.toSorted((one, other) => one.savedAtMs - other.savedAtMs);
  const drafts = new Map<TimelineId, string>();
  const readUpTo = new Map<TimelineId, number>();
  const displaced: string[] = [];
  const answering = new Map<TimelineId, Answers>();
  let unsent: readonly Unsent[] = [];
  let sentTexts: readonly string[] = [];
  let muted: readonly string[] | undefined;
  let ignored: readonly string[] | undefined;
  let followers: readonly string[] | undefined;
  for (const { kept } of inOrder) {
    for (const [timeline, text] of kept.drafts) {
      const other = drafts.get(timeline);
      if (other !== undefined && other !== text) displaced.push(other);
      drafts.set(timeline, text);
      const answers = kept.answering?.get(timeline);
      if (answers === undefined) answering.delete(timeline);
      else answering.set(timeline, answers);
    }
    for (const [timeline, position] of kept.readUpTo)
      readUpTo.set(timeline, Math.max(position, readUpTo.get(timeline) ?? 0));
    const known = new Set(unsent.map(({ text }) => text));
    unsent = [...unsent, ...kept.unsent.filter(({ text }) => !known.has(text))];
    sentTexts = [...sentTexts, ...kept.sentTexts];
    // The last list counts: a user who is no longer muted is still in an older list.
    muted = kept.muted ?? muted;
    ignored = kept.ignored ?? ignored;
    followers = kept.followers ?? followers;
  }
  return {
    drafts,
    ...(answering.size === 0 ? {} : { answering }),
    unsent: unsent.slice(-MOST_UNSENT),
    readUpTo,
    sentTexts: eachOnce([...sentTexts, ...displaced]).slice(-MOST_SENT_TEXTS),
    ...(muted === undefined ? {} : { muted }),
    ...(ignored === undefined ? {} : { ignored }),
    ...(followers === undefined ? {} : { followers }),
  };
}

/** The part of a running client's file that others use: not its drafts and unsent texts. */
export const learntFrom = (record: Record): Record => ({
  ...record,
  kept: { ...record.kept, drafts: new Map(), answering: new Map(), unsent: [] },
});

/** Keeps the last of equal texts. */
const eachOnce = (texts: readonly string[]): readonly string[] => [...new Set(texts.toReversed())].reverse();

const damaged = (why: string): Reading => ({ kind: 'damaged', why });

const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === 'string';
const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isListOf = <Value>(
  value: unknown,
  isValue: (value: unknown) => value is Value,
): value is readonly Value[] => Array.isArray(value) && value.every(isValue);
const isListOfTexts = (value: unknown): value is readonly string[] => isListOf(value, isText);

function isAnswers(value: unknown): value is Answers {
  if (!isObject(value)) return false;
  const { home, position, author, begin } = value;
  return (
    isPosition(position) &&
    isText(author) &&
    userNameProblem(author) === undefined &&
    (home === undefined || isPosition(home)) &&
    (begin === undefined || isText(begin))
  );
}

function isUnsent(value: unknown): value is string | Unsent {
  if (!isObject(value)) return isText(value);
  const { text, answers } = value;
  return isText(text) && (answers === undefined || isAnswers(answers));
}

const isTimeline = (id: string): id is TimelineId =>
  id === 'home' || id === 'mentions' || (id.startsWith('@') && userNameProblem(id.slice(1)) === undefined);

const isMapOf = <Value>(
  value: unknown,
  isValue: (value: unknown) => value is Value,
): value is { readonly [id in TimelineId]: Value } =>
  isObject(value) && Object.entries(value).every(([id, entry]) => isTimeline(id) && isValue(entry));

const mapOf = <Value>(entries: { readonly [id in TimelineId]: Value }): ReadonlyMap<TimelineId, Value> =>
  new Map(Object.entries(entries) as [TimelineId, Value][]);
