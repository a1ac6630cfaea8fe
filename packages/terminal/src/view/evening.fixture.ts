/** An example state with a few people and posts. Tests override parts of it. */
import type { Post, SessionTarget } from '@dualping/client';
import { type Editor, editorWith } from '../editor/editor.js';
import type { Size } from '../state/geometry.js';
import { initialState } from '../state/initial.js';
import { postItem } from '../state/items.js';
import { NEWEST } from '../state/reading.js';
import type { Outgoing, Person, Place, PostItem, State, TimelineId } from '../state/state.js';
import { plainText } from './row.js';
import { view } from './view.js';

export const ME = 'mira';
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** 2026-11-21 12:41:00 UTC, a Saturday. */
export const NOW_MS = 1_795_264_860_000;
export const NOW_MONO_MS = 1_000_000;
export const CLOCK = { monoMs: NOW_MONO_MS, wallMs: NOW_MS, utcOffsetMinutesAt: () => 0 };

export const target = (server: number, epoch = 17): SessionTarget => ({
  epoch: epoch as SessionTarget['epoch'],
  serverId: server as SessionTarget['serverId'],
  address: `127.0.0.1:707${server}`,
});

export const post = (at: number, author: string, minutesAgo: number, text: string): Post => ({
  position: at as Post['position'],
  author,
  text,
  timeMs: NOW_MS - minutesAgo * MINUTE_MS,
});

export const outgoing = (id: number, text: string, status: Outgoing['status']): Outgoing => ({
  id,
  text,
  wallMs: NOW_MS,
  status,
});

export const SENDING: Outgoing['status'] = { kind: 'sending' };

export const person = (name: string, is: Partial<Person> = {}): Person => ({
  name,
  present: false,
  followed: false,
  followsMe: false,
  ...is,
});

export const items = (...posts: readonly Post[]): readonly PostItem[] => posts.map((it) => postItem(ME, it));

const POSTS = items(
  post(8807, 'bo', 14, 'Anyone else seeing the p95 drop since Tuesday?'),
  post(8809, 'chen', 9, 'Yes! It is the batching. Charts tomorrow.'),
  post(8812, 'ana', 2, 'Shipped the takeover demo. Kill a server and watch the timeline not blink. 🎉'),
);

const PEOPLE = [
  person('ana', { present: true, followed: true, followsMe: true }),
  person('bo', { present: true, followed: true }),
  person('chen', { followed: true, followsMe: true }),
  person('dee', { present: true }),
  person('eli', { followsMe: true }),
];

export const EVENING: State = {
  ...initialState({
    me: ME,
    routers: ['127.0.0.1:7000', '127.0.0.1:7001'],
    size: { width: 80, height: 24 },
    clock: CLOCK,
    settings: { theme: 'dark', mouse: true, times: 'relative', bell: false },
    followsBackground: true,
    kept: { drafts: new Map(), unsent: [], readUpTo: new Map(), sentTexts: [] },
  }),
  connection: { kind: 'live', target: target(2), sinceMs: NOW_MONO_MS - 724_000 },
  posts: POSTS,
  people: PEOPLE,
};

export const evening = (over: Partial<State> = {}): State => ({ ...EVENING, ...over });

export const sized = (width: number, height: number): { readonly size: Size } => ({
  size: { width, height },
});

/** A place in a timeline. */
export const reading = (place: Partial<Place>, timeline: TimelineId = 'home'): Pick<State, 'places'> => ({
  places: new Map([[timeline, { ...NEWEST, ...place }]]),
});

export const draft = (text: string, timeline: TimelineId = 'home'): Pick<State, 'drafts'> => ({
  drafts: new Map<TimelineId, Editor>([[timeline, editorWith(text)]]),
});

/** The rows of the screen, without blanks at their ends. */
export const screen = (state: State): readonly string[] =>
  view(state).rows.map((row) => plainText(row).trimEnd());
