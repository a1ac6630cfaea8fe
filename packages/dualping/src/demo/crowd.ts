/** All simulated people: they follow one another, post, read, and in the end read everything back. */
import type { Address } from '@dualping/core';
import { Person, type PersonEvents } from './person.js';
import { type Follows, Tally } from './tally.js';

/** People follow at most so many others: deliveries grow with people times follows. */
const MAX_FOLLOWS = 11;
/**
 * Posts a second of all together: enough that some are under way at any moment, and far from what a server
 * can do.
 */
const POSTS_PER_SECOND = 100;
/**
 * Posts that are read back in the end, by all together: all of them in any but a long run, and a minute's
 * work.
 */
const MAX_READ_BACK = 240_000;
/** Read back at a time: each asks for whole timelines. */
const READING_AT_ONCE = 4;

const NAMES = [
  ...['ana', 'bo', 'chen', 'dora', 'emil', 'fay', 'gus', 'hana', 'ivo', 'june', 'kofi', 'lea'],
  ...['mo', 'nia', 'otto', 'pia', 'quin', 'rosa', 'sam', 'tove', 'uma', 'vito', 'wren', 'yara', 'zoe'],
];

/** A lasting name for each number from 0. */
export function nameOf(index: number): string {
  const name = NAMES[index % NAMES.length] ?? 'somebody';
  const round = Math.floor(index / NAMES.length);
  return round === 0 ? name : `${name}${round + 1}`;
}

/** Everybody follows those who come next in the circle. */
export function followsAmong(names: readonly string[]): Follows {
  const count = Math.min(MAX_FOLLOWS, names.length - 1);
  return new Map(
    names.map((name, index) => [
      name,
      Array.from({ length: count }, (_, step) => names[(index + step + 1) % names.length] ?? name),
    ]),
  );
}

export class Crowd {
  readonly tally: Tally;
  readonly people: readonly Person[];
  readonly #follows: Follows;

  constructor(count: number, routers: readonly Address[], events: PersonEvents) {
    const names = Array.from({ length: count }, (_, index) => nameOf(index));
    this.#follows = followsAmong(names);
    this.tally = new Tally(this.#follows);
    this.people = names.map((name, index) => new Person(index, name, routers, this.tally, events));
  }

  /** Resolves when everybody follows whom they want, so that every post counts from the first on. */
  async meet(): Promise<void> {
    await Promise.all(
      this.people.map(async (person) => {
        for (const other of this.#follows.get(person.name) ?? []) await person.follow(other);
      }),
    );
  }

  startPosting(): void {
    const thinkMs = (1_000 * this.people.length) / POSTS_PER_SECOND;
    for (const person of this.people) person.startPosting(thinkMs);
  }

  async stopPosting(): Promise<void> {
    await Promise.all(this.people.map((person) => person.stopPosting()));
  }

  /** Everybody reads the timeline back, and the tally judges it. */
  async readBack(): Promise<void> {
    const waiting = [...this.people];
    const most = Math.ceil(MAX_READ_BACK / this.people.length);
    const readOn = async (): Promise<void> => {
      for (let person = waiting.shift(); person !== undefined; person = waiting.shift()) {
        const { posts, whole } = await person.readBack(most);
        this.tally.readBack(person.name, posts, whole);
      }
    };
    await Promise.all(Array.from({ length: READING_AT_ONCE }, readOn));
  }

  close(): void {
    for (const person of this.people) person.close();
  }
}
