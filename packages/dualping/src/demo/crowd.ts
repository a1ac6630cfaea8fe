/** All simulated people: they follow one another, post, read, and at the end read everything back. */
import { type FoundNetwork, Person, type PersonEvents } from './person.js';
import { type Follows, Tally } from './tally.js';

/** Each person follows at most this many others: deliveries grow with people times follows. */
const MAX_FOLLOWS = 11;
/**
 * Posts a second of all people together: enough that some are in flight at any moment, and far below the
 * limit of a server.
 */
const POSTS_PER_SECOND = 100;
/**
 * Posts that all people together read back at the end: everything except after a long run, and about a
 * minute's work.
 */
const MAX_READ_BACK = 240_000;
/** People that read back at the same time: each reads a whole timeline. */
const READING_AT_ONCE = 4;

const NAMES = [
  ...['ana', 'bo', 'chen', 'dora', 'emil', 'fay', 'gus', 'hana', 'ivo', 'june', 'kofi', 'lea'],
  ...['mo', 'nia', 'otto', 'pia', 'quin', 'rosa', 'sam', 'tove', 'uma', 'vito', 'wren', 'yara', 'zoe'],
];

/** A fixed name for each number from 0. */
export function nameOf(index: number): string {
  const name = NAMES[index % NAMES.length] ?? 'somebody';
  const round = Math.floor(index / NAMES.length);
  return round === 0 ? name : `${name}${round + 1}`;
}

/** Each person follows the next ones in the circle. */
function followsAmong(names: readonly string[]): Follows {
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

  constructor(count: number, network: FoundNetwork, events: PersonEvents) {
    const names = Array.from({ length: count }, (_, index) => nameOf(index));
    this.#follows = followsAmong(names);
    this.tally = new Tally(this.#follows);
    this.people = names.map((name, index) => new Person(index, name, network, this.tally, events));
  }

  /** Resolves when all follows are done, so that every post counts from the first on. */
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

  /** Each person reads the timeline back, and the tally checks it. */
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
