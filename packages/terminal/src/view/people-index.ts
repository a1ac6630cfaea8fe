/** Finds a person by name, and facts about their posts, without a search at every frame. */
import type { Person, PostItem, State } from '../state/state.js';

const byName = new WeakMap<readonly Person[], ReadonlyMap<string, Person>>();

export function personNamed({ people }: State, name: string): Person | undefined {
  if (people === undefined) return undefined;
  let index = byName.get(people);
  if (index === undefined) {
    index = new Map(people.map((person) => [person.name, person]));
    byName.set(people, index);
  }
  return index.get(name);
}

/** Facts about the loaded posts of an author. */
export interface Seen {
  readonly posts: number;
  readonly lastWallMs: number | undefined;
}

interface Counted {
  readonly author: string;
  readonly seen: Seen;
}

const counted = new WeakMap<readonly PostItem[], Counted>();

/** The result for the last author is cached until the next post comes. */
export function seenOf({ posts }: State, author: string): Seen {
  const known = counted.get(posts);
  if (known?.author === author) return known.seen;
  let count = 0;
  let lastWallMs: number | undefined;
  for (const { post } of posts) {
    if (post.author !== author) continue;
    count += 1;
    lastWallMs = post.timeMs;
  }
  const seen: Seen = { posts: count, lastWallMs };
  counted.set(posts, { author, seen });
  return seen;
}
