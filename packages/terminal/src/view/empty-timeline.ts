/** The text of an empty timeline: why there are no posts, and what the person can do. */
import type { Failure } from '@dualping/client';
import type { Size } from '../state/geometry.js';
import type { State } from '../state/state.js';
import { wrap } from '../text/wrap.js';
import { keyOf } from './keys.js';
import { personNamed } from './people-index.js';
import type { Row } from './row.js';
import { cutRow, lineOf, loud, say } from './spans.js';
import { personOfTimeline } from './subject.js';

interface Empty {
  readonly title: string;
  readonly text: string;
  /** Keys that help. */
  readonly keys: readonly { readonly key: string; readonly does: string }[];
}

const INDENT = 4;

/** Exactly `height` rows, with the text a little above the middle. */
export function emptyTimelineRows(state: State, { width, height }: Size): readonly Row[] {
  const { title, text, keys } = emptyOf(state);
  const room = Math.max(1, width - INDENT - 1);
  const words = [
    [loud('text', lineOf(title))],
    ...wrap(lineOf(text), room).map((line) => [say('dim', line)]),
    ...(keys.length === 0 ? [] : [[]]),
    ...keys.map(({ key, does }) => [say('key', key.padEnd(3)), say('dim', does)]),
  ];
  const above = Math.max(0, Math.floor((height - words.length) / 3));
  const rows: Row[] = Array.from({ length: above }, () => []);
  for (const row of words) rows.push(cutRow([say('text', ' '.repeat(INDENT)), ...row], width));
  while (rows.length < height) rows.push([]);
  return rows.slice(0, height);
}

function emptyOf(state: State): Empty {
  if (state.loadingOlder) return { title: 'Loading', text: 'Posts are on their way.', keys: [] };
  if (state.timeline === 'home') return emptyHome(state);
  if (!state.reachedOldest && state.posts.length > 0) return notYetFound(state);
  if (state.timeline === 'mentions')
    return {
      title: 'Nobody has mentioned you yet',
      text: `A post with @${state.me} in it shows up here.`,
      keys: [{ key: keyOf('home'), does: 'back to Home' }],
    };
  return emptyPerson(state, personOfTimeline(state.timeline) ?? '');
}

/** Only a part of all posts is loaded, so it is not certain that there are none. */
const notYetFound = ({ timeline, posts }: State): Empty => ({
  title: timeline === 'mentions' ? 'No mentions so far' : `Nothing from ${timeline} so far`,
  text: `None of the ${posts.length} posts that are loaded belongs here. Older ones may.`,
  keys: [{ key: keyOf('previous'), does: 'look in older posts' }],
});

function emptyHome({ connection, people }: State): Empty {
  const known = people ?? [];
  const followed = known.filter((person) => person.followed).length;
  if (connection.kind === 'connecting' || people === undefined)
    return {
      title: beginningTitle(connection),
      text: `${whyNobody(connection)}Your timeline shows up here. You can write already: it is sent as soon as there is a server.`,
      keys: [{ key: keyOf('compose'), does: 'write a post' }],
    };
  const keys = [
    { key: keyOf('follow'), does: 'follow somebody' },
    { key: keyOf('compose'), does: 'write a post' },
    { key: keyOf('command'), does: 'type a command' },
    { key: keyOf('help'), does: 'all keys' },
  ];
  if (followed === 0)
    return {
      title: 'Nothing here yet',
      text: 'This is where the posts of the people you follow show up, as they are written.',
      keys,
    };
  return {
    title: 'Nothing here yet',
    text:
      followed === 1
        ? 'The one you follow has not posted since.'
        : `None of the ${followed} people you follow has posted since.`,
    keys,
  };
}

const NOBODY: Failure['reason'] = 'no-available-server';

/** The router's own words: other clusters may be served at the same time. */
const whyNobody = (connection: State['connection']): string =>
  connection.kind === 'waiting' && connection.because.detail !== '' ? `${connection.because.detail}. ` : '';

/** The title before anything is known. */
function beginningTitle(connection: State['connection']): string {
  const { kind } = connection;
  if (kind === 'live' || kind === 'resumed') return 'Loading';
  if (kind === 'waiting' && connection.cluster !== undefined && connection.because.reason === NOBODY)
    return `Nobody is available in cluster ${connection.cluster} yet`;
  return kind === 'connecting' || kind === 'lost' ? 'Connecting' : 'No server to be found yet';
}

function emptyPerson(state: State, name: string): Empty {
  if (name === state.me)
    return {
      title: 'You have not posted yet',
      text: 'What you post shows up here, and with those who follow you.',
      keys: [{ key: keyOf('compose'), does: 'write a post' }],
    };
  const person = personNamed(state, name);
  if (person?.followed === true)
    return { title: `Nothing from @${name} yet`, text: 'Posts show up from when you followed on.', keys: [] };
  if (person === undefined && state.people !== undefined)
    return {
      title: `There is no @${name} yet`,
      text: 'A name is taken by whoever logs in with it first.',
      keys: [],
    };
  return {
    title: `You do not follow @${name}`,
    text: 'Follow to read what is posted from then on.',
    keys: [{ key: keyOf('follow'), does: `follow @${lineOf(name)}` }],
  };
}
