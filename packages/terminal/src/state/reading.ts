/**
 * Decides which part of a timeline is on the screen, and how a reader moves in it.
 *
 * A place is the post at the top of the screen and not a count of rows, so posts that arrive below or are
 * loaded above move nothing. At the end the place is `newest` instead, and the screen follows the end.
 */
import { blockHeight } from '../view/post-block.js';
import type { Size } from './geometry.js';
import { indexOfKey, itemsOf } from './items.js';
import { postsArea } from './screen-geometry.js';
import type { Item, ItemKey, Place, State } from './state.js';

export interface Block {
  readonly item: Item;
  /** Rows of the item that lie above the screen. */
  readonly skipRows: number;
  /** Rows on the screen, including the divider. */
  readonly rows: number;
  /** The row above the item is the divider. */
  readonly divider: boolean;
}

export interface Window {
  /** From top to bottom. */
  readonly blocks: readonly Block[];
  /** Empty rows above: if there are few posts, they are at the bottom. */
  readonly blankRows: number;
  /** Whether the topmost row says if there are older posts. */
  readonly olderRow: boolean;
  readonly older: 'loading' | 'more' | 'none';
  readonly newCount: number;
  /** Number of items below the screen. */
  readonly below: number;
}

export const NEWEST: Place = { top: 'newest', selected: undefined, readUpTo: 0, divider: undefined };

export const placeOf = ({ places, timeline }: State): Place => places.get(timeline) ?? NEWEST;

/**
 * Index of the item below the divider; -1: there is no divider. The person's own posts never count as new.
 */
function dividerIndex({ me }: State, place: Place, items: readonly Item[]): number {
  const after = place.divider?.after;
  if (after === undefined) return -1;
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item?.kind === 'post' && item.key <= after) low = middle + 1;
    else high = middle;
  }
  for (let at = low; at < items.length; at += 1) {
    const item = items[at];
    if (item?.kind === 'post' && item.post.author !== me) return at;
  }
  return -1;
}

/**
 * A timeline as rows: item `at` has `rows(at)` of them; the row about older posts belongs to the first item.
 */
class Rows {
  readonly items: readonly Item[];
  readonly divider: number;

  constructor(
    readonly state: State,
    readonly place: Place,
    readonly width: number,
  ) {
    this.items = itemsOf(state, state.timeline);
    this.divider = dividerIndex(state, place, this.items);
  }

  extra(at: number): number {
    return (at === 0 ? 1 : 0) + (at === this.divider ? 1 : 0);
  }

  rows(at: number): number {
    const item = this.items[at];
    return item === undefined ? 0 : this.extra(at) + blockHeight(item, this.width);
  }
}

/** The first row on the screen, as a row of an item. */
interface Top {
  readonly at: number;
  readonly skip: number;
}

/** The top of the screen when the newest item is at the bottom; undefined: everything fits. */
function topOfNewest(rows: Rows, height: number): Top | undefined {
  let left = height;
  for (let at = rows.items.length - 1; at >= 0; at -= 1) {
    const own = rows.rows(at);
    if (own >= left) return { at, skip: own - left };
    left -= own;
  }
  return undefined;
}

const isBefore = (one: Top, other: Top): boolean =>
  one.at < other.at || (one.at === other.at && one.skip < other.skip);

/** The top of the screen; undefined: everything fits. */
function topOf(rows: Rows, height: number): Top | undefined {
  const newest = topOfNewest(rows, height);
  const { top } = rows.place;
  if (newest === undefined || top === 'newest') return newest;
  const at = Math.max(0, indexOfKey(rows.items, top.key));
  const wanted = { at, skip: Math.min(Math.max(0, top.rows + rows.extra(at)), rows.rows(at) - 1) };
  return isBefore(wanted, newest) ? wanted : newest;
}

export function windowOf(state: State, { width, height }: Size): Window {
  const place = placeOf(state);
  const rows = new Rows(state, place, width);
  const { items } = rows;
  const top = topOf(rows, height);
  const blocks: Block[] = [];
  let left = height;
  let olderRow = false;
  let at = top?.at ?? 0;
  for (let skip = top?.skip ?? 0; left > 0 && at < items.length; at += 1, skip = 0) {
    const item = items[at];
    if (item === undefined) break;
    let extra = rows.extra(at);
    if (at === 0 && skip === 0) {
      olderRow = true;
      extra -= 1;
      left -= 1;
      if (left === 0) break;
    } else if (at === 0) {
      extra -= 1;
      skip -= 1;
    }
    const divider = extra > 0 && skip === 0;
    const skipRows = Math.max(0, skip - (divider ? 0 : extra));
    const shown = Math.min(left, (divider ? 1 : 0) + blockHeight(item, width) - skipRows);
    blocks.push({ item, skipRows, rows: shown, divider });
    left -= shown;
  }
  return {
    blocks,
    blankRows: left,
    olderRow,
    older: state.loadingOlder ? 'loading' : state.reachedOldest ? 'none' : 'more',
    newCount: newCount(state, place, items),
    below: items.length - at,
  };
}

function newCount({ me }: State, { divider }: Place, items: readonly Item[]): number {
  if (divider === undefined) return 0;
  let count = 0;
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (item?.kind !== 'post') continue;
    if (item.key <= divider.after) break;
    if (item.post.author !== me) count += 1;
  }
  return count;
}

/** Position of the last post whose end is on the screen; 0: none. */
export function lastSeen(state: State): number {
  const { blocks } = windowOf(state, postsArea(state));
  const area = postsArea(state);
  for (const { item, skipRows, rows, divider } of [...blocks].reverse()) {
    if (item.kind !== 'post') continue;
    if (skipRows + rows - (divider ? 1 : 0) >= blockHeight(item, area.width)) return item.key;
  }
  return 0;
}

export const isAtEnd = (state: State): boolean => placeOf(state).top === 'newest';

/** Whether the first loaded row is on the screen. */
export const isAtBeginning = (state: State): boolean => {
  const { olderRow, blocks } = windowOf(state, postsArea(state));
  return olderRow || blocks.length === 0;
};

/**
 * Whether the first loaded row is at most one screen further up: older posts are then loaded before the
 * reader gets there.
 */
export const isNearBeginning = (state: State): boolean => {
  const place = scrolled(state, -postsArea(state).height);
  return isAtBeginning({ ...state, places: new Map(state.places).set(state.timeline, place) });
};

const placeAt = (rows: Rows, place: Place, top: Top, height: number): Place => {
  const newest = topOfNewest(rows, height);
  const item = rows.items[top.at];
  if (newest === undefined || item === undefined || !isBefore(top, newest))
    return { ...place, top: 'newest' };
  return { ...place, top: { key: item.key, rows: top.skip - rows.extra(top.at) } };
};

/** Scrolls, and keeps the selection. @param by rows; negative: up */
export function scrolled(state: State, by: number): Place {
  const place = placeOf(state);
  const { width, height } = postsArea(state);
  const rows = new Rows(state, place, width);
  let { at, skip } = topOf(rows, height) ?? { at: 0, skip: 0 };
  skip += by;
  while (skip < 0 && at > 0) {
    at -= 1;
    skip += rows.rows(at);
  }
  while (at < rows.items.length - 1 && skip >= rows.rows(at)) {
    skip -= rows.rows(at);
    at += 1;
  }
  return placeAt(rows, place, { at, skip: Math.max(0, skip) }, height);
}

/** Moves as little as possible to show the item; one larger than the screen is shown from its first row. */
function shown(rows: Rows, place: Place, at: number, height: number): Place {
  const top = topOf(rows, height);
  if (top === undefined) return { ...place, top: 'newest' };
  if (isBefore({ at, skip: 0 }, top)) return placeAt(rows, place, { at, skip: 0 }, height);
  let under = -top.skip;
  for (let each = top.at; each <= at; each += 1) {
    under += rows.rows(each);
    if (under > height + rows.rows(at)) break;
  }
  if (under <= height) return placeAt(rows, place, top, height);
  let left = height - rows.rows(at);
  let first = at;
  while (left > 0 && first > 0) {
    first -= 1;
    left -= rows.rows(first);
  }
  return placeAt(rows, place, { at: first, skip: left < 0 ? -left : 0 }, height);
}

/** Selects an item, and scrolls it onto the screen. */
export const selecting = (state: State, key: ItemKey): Place => selected(state, key, shown);

/** Puts an item at the top of the screen, or as near to it as the end allows. */
export const beginningAt = (state: State, key: ItemKey): Place =>
  selected(state, key, (rows, place, at, height) => placeAt(rows, place, { at, skip: 0 }, height));

function selected(state: State, key: ItemKey, scrolled: typeof shown): Place {
  const place = placeOf(state);
  const { width, height } = postsArea(state);
  const rows = new Rows(state, place, width);
  const at = indexOfKey(rows.items, key);
  return at < 0 ? place : { ...scrolled(rows, place, at, height), selected: key };
}

/**
 * Moves the selection by one item. Past the last item there is no selection, and the screen follows the end.
 * If the reader has scrolled away from the selection, it begins again with an item on the screen.
 */
export function moved(state: State, by: 1 | -1): Place {
  const place = placeOf(state);
  const items = itemsOf(state, state.timeline);
  if (items.length === 0) return place;
  const anew = strayed(state, place) ? nearest(state, by) : undefined;
  if (anew !== undefined) return { ...place, selected: anew };
  const from = place.selected === undefined ? items.length : indexOfKey(items, place.selected);
  const to = Math.max(0, (from < 0 ? items.length : from) + by);
  if (to >= items.length) return { ...place, top: 'newest', selected: undefined };
  const item = items[to];
  return item === undefined ? place : selecting(state, item.key);
}

/** Whether the selected item is off the screen. */
function strayed(state: State, { top, selected }: Place): boolean {
  if (selected === undefined) return top !== 'newest';
  const { blocks } = windowOf(state, postsArea(state));
  return !blocks.some(({ item }) => item.key === selected);
}

/** The item on the screen at which a movement begins: preferably one that is shown whole. */
function nearest(state: State, by: 1 | -1): ItemKey | undefined {
  const area = postsArea(state);
  const { blocks } = windowOf(state, area);
  const whole = blocks.filter(
    ({ item, skipRows, rows }) => skipRows === 0 && rows >= blockHeight(item, area.width),
  );
  const among = whole.length > 0 ? whole : blocks;
  return among.at(by > 0 ? 0 : -1)?.item.key;
}

/** Moves by a page: the selection goes to the first (up) or last (down) item on the screen. */
export function paged(state: State, by: 1 | -1): Place {
  const { height } = postsArea(state);
  const place = scrolled(state, by * Math.max(1, height - 2));
  if (place.top === 'newest' && by > 0) return { ...place, selected: undefined };
  const then = { ...state, places: new Map(state.places).set(state.timeline, place) };
  const { blocks } = windowOf(then, postsArea(then));
  const block = by > 0 ? blocks.at(-1) : blocks.find(({ skipRows }) => skipRows === 0);
  return block === undefined ? place : { ...place, selected: block.item.key };
}
