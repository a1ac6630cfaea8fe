/**
 * Counts what simulated people have posted and seen, and finds what is lost, repeated or out of order.
 *
 * Each author numbers posts 1, 2, 3 and so on. A reader therefore knows which number must come next from each
 * author, and the positions show whether the timeline as a whole goes forwards. The tally does not use
 * anything that servers report about themselves.
 *
 * A skipped number counts as lost once it is known to be acknowledged: posts come in order, so it could only
 * still arrive out of order. An acknowledged post above the newest one seen is still in flight, until `close`
 * ends the wait. At the end each person reads the timeline back, and the same rules apply.
 */
import type { Counts } from '@dualping/terminal';

/** Findings of each kind that are described in words; the counts have no limit. */
const MAX_FINDINGS = 20;

export type Failing = 'lost' | 'repeated' | 'out of order' | 'failed' | 'unknown';

export interface Finding {
  readonly failing: Failing;
  readonly text: string;
}

/** What a timeline has shown of one author. */
class Row {
  /** The highest number seen. */
  last = 0;
  /** Below `last`, and not seen. */
  readonly passedOver = new Set<number>();
}

/** One pass through a timeline: live, or read back. */
class Reading {
  readonly rows = new Map<string, Row>();
  lastPosition = 0;

  row(author: string): Row {
    let row = this.rows.get(author);
    if (row === undefined) {
      row = new Row();
      this.rows.set(author, row);
    }
    return row;
  }
}

/**
 * The state of an author's posts. Only exceptions are kept one by one: a demo may run for hours.
 */
class Author {
  posted = 0;
  failed = 0;
  lastAcknowledged = 0;
  /** Everything up to here is answered: acknowledged, except those in `#givenUp`. */
  #answered = 0;
  readonly #givenUp = new Set<number>();
  readonly #acknowledgedBeyond = new Set<number>();

  acknowledge(number: number): void {
    this.#acknowledgedBeyond.add(number);
    this.lastAcknowledged = Math.max(this.lastAcknowledged, number);
    this.#advance();
  }

  giveUp(number: number): void {
    this.failed += 1;
    this.#givenUp.add(number);
    this.#advance();
  }

  isAcknowledged(number: number): boolean {
    return number <= this.#answered ? !this.#givenUp.has(number) : this.#acknowledgedBeyond.has(number);
  }

  #advance(): void {
    for (let next = this.#answered + 1; ; next += 1) {
      if (!this.#acknowledgedBeyond.delete(next) && !this.#givenUp.has(next)) return;
      this.#answered = next;
    }
  }
}

export interface SeenPost {
  readonly author: string;
  readonly number: number;
  readonly position: number;
}

/** The people that each one follows. */
export type Follows = ReadonlyMap<string, readonly string[]>;

export class Tally {
  readonly #authors = new Map<string, Author>();
  /** The authors whose posts each reader must see: those it follows, and itself. */
  readonly #reads: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #live = new Map<string, Reading>();
  /** Each lost post of each reader once, however often it is missed. */
  readonly #lost = new Set<string>();
  readonly #findings: Finding[] = [];
  #acknowledged = 0;
  #delivered = 0;
  #repeated = 0;
  #outOfOrder = 0;
  #unknown = 0;

  constructor(follows: Follows) {
    this.#reads = new Map([...follows].map(([reader, authors]) => [reader, new Set([...authors, reader])]));
    for (const reader of follows.keys()) {
      this.#authors.set(reader, new Author());
      this.#live.set(reader, new Reading());
    }
  }

  /** The number of the author's next post, which is posted now. */
  posting(author: string): number {
    const its = this.#author(author);
    its.posted += 1;
    return its.posted;
  }

  acknowledged(author: string, number: number): void {
    this.#author(author).acknowledge(number);
    this.#acknowledged += 1;
    for (const [reader, authors] of this.#reads)
      if (authors.has(author) && this.#reading(reader).row(author).passedOver.has(number))
        this.#lose(reader, author, number, 'it was passed over in the live timeline');
  }

  /** The author gave the post up: it may arrive or not, because it was not acknowledged. */
  failed(author: string, number: number, why: string): void {
    this.#author(author).giveUp(number);
    this.#find('failed', `${author} #${number} could not be posted: ${why}`);
  }

  delivered(reader: string, post: SeenPost): void {
    if (!this.#isDue(reader, post)) return;
    this.#see(this.#reading(reader), reader, post, 'live');
  }

  /** A text in a timeline that no simulated person wrote, or whose author this reader does not follow. */
  unknown(reader: string, text: string): void {
    this.#unknown += 1;
    this.#find('unknown', `${reader} was shown what nobody it follows has posted: ${text}`);
  }

  /**
   * Checks the timeline of a reader, ascending, as it was read back.
   * @param whole whether it begins with the first post; else only posts after each author's first are checked
   */
  readBack(reader: string, posts: readonly SeenPost[], whole: boolean): void {
    const reading = whole ? new Reading() : this.#readingFrom(reader, posts);
    for (const post of posts) if (this.#isDue(reader, post)) this.#see(reading, reader, post, 'read back');
    this.#loseAllMissing(reader, reading, 'it is not in the timeline that was read back');
  }

  /** Whether everything acknowledged was delivered to all its readers. */
  get settled(): boolean {
    return [...this.#reads].every(([reader, authors]) =>
      [...authors].every(
        (author) => this.#reading(reader).row(author).last >= this.#author(author).lastAcknowledged,
      ),
    );
  }

  /** Ends the wait: what has not arrived by now is lost. */
  close(): void {
    for (const [reader, reading] of this.#live)
      this.#loseAllMissing(reader, reading, 'it never came in the live timeline');
  }

  get counts(): Counts {
    return {
      clients: this.#reads.size,
      posted: sum([...this.#authors.values()].map(({ posted }) => posted)),
      acknowledged: this.#acknowledged,
      delivered: this.#delivered,
      lost: this.#lost.size,
      repeated: this.#repeated,
      outOfOrder: this.#outOfOrder,
    };
  }

  get failures(): number {
    return sum([...this.#authors.values()].map(({ failed }) => failed)) + this.#unknown;
  }

  /** The first failures, in words. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** A reading that begins at these posts, as if everything before had been seen. */
  #readingFrom(reader: string, posts: readonly SeenPost[]): Reading {
    const reading = new Reading();
    for (const author of this.#reads.get(reader) ?? []) {
      const first = posts.find((post) => post.author === author)?.number;
      reading.row(author).last = first === undefined ? this.#author(author).lastAcknowledged : first - 1;
    }
    return reading;
  }

  #isDue(reader: string, { author, number }: SeenPost): boolean {
    const due =
      this.#reads.get(reader)?.has(author) === true && number >= 1 && number <= this.#author(author).posted;
    if (!due) this.unknown(reader, `${author} #${number}`);
    return due;
  }

  #see(reading: Reading, reader: string, { author, number, position }: SeenPost, how: string): void {
    const row = reading.row(author);
    const what = `${author} #${number} at ${position}, to ${reader}, ${how}`;
    const fresh = number > row.last || row.passedOver.delete(number);
    if (!fresh) {
      this.#repeated += 1;
      this.#find('repeated', what);
      return;
    }
    if (how === 'live' && author !== reader) this.#delivered += 1;
    if (number < row.last || position <= reading.lastPosition) {
      this.#outOfOrder += 1;
      // It arrived late: so it is out of order, and no longer lost.
      this.#lost.delete(keyOf(reader, author, number));
      this.#find('out of order', `${what}, after #${row.last} and position ${reading.lastPosition}`);
    }
    for (let skipped = row.last + 1; skipped < number; skipped += 1) {
      row.passedOver.add(skipped);
      if (this.#author(author).isAcknowledged(skipped))
        this.#lose(reader, author, skipped, `it was passed over, ${how}`);
    }
    row.last = Math.max(row.last, number);
    reading.lastPosition = Math.max(reading.lastPosition, position);
  }

  #loseAllMissing(reader: string, reading: Reading, why: string): void {
    for (const author of this.#reads.get(reader) ?? []) {
      const its = this.#author(author);
      const { last, passedOver } = reading.row(author);
      const missing = [...passedOver];
      for (let number = last + 1; number <= its.lastAcknowledged; number += 1) missing.push(number);
      for (const number of missing) if (its.isAcknowledged(number)) this.#lose(reader, author, number, why);
    }
  }

  #lose(reader: string, author: string, number: number, why: string): void {
    const key = keyOf(reader, author, number);
    if (this.#lost.has(key)) return;
    this.#lost.add(key);
    this.#find('lost', `${author} #${number} was acknowledged and not shown to ${reader}: ${why}`);
  }

  #find(failing: Failing, text: string): void {
    if (this.#findings.filter((finding) => finding.failing === failing).length < MAX_FINDINGS)
      this.#findings.push({ failing, text });
  }

  #author(name: string): Author {
    const author = this.#authors.get(name);
    if (author === undefined) throw new Error(`"${name}" is none of the people`);
    return author;
  }

  #reading(reader: string): Reading {
    const reading = this.#live.get(reader);
    if (reading === undefined) throw new Error(`"${reader}" is none of the people`);
    return reading;
  }
}

const keyOf = (reader: string, author: string, number: number): string => `${reader} ${author} ${number}`;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
