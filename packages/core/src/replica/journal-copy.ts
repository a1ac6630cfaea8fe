/**
 * Decides how a standby gets a copy of its primary's journal: where the copy begins, what follows on what has
 * come, and when it is whole.
 *
 *     primary   header{base, after, through} ─► run ─► run ─► … ─► end
 *     standby   holds what came. After a break it asks again and says up to where; then the copy goes on there
 *
 * A journal's checksum at a position covers everything up to there. So two servers that have the same
 * checksum at the same position have the same entries up to there, whichever primary they came from. Each
 * run names the checksum that it goes on from, so nothing can be missing, repeated or from another journal.
 */
import type { Position } from '../ids.js';
import { DualpingError } from '../reasons.js';

/** A position of a journal, and the checksum of the whole journal up to there. */
export interface JournalPlace {
  readonly position: Position;
  readonly checksum: number;
}

/** What a standby has of a copy that broke off. */
export interface HeldCopy {
  /** Where the journal begins: after this place. */
  readonly base: JournalPlace;
  /** What has come ends here. */
  readonly end: JournalPlace;
}

/** What a primary says first. */
export interface CopyHeader {
  /** Its journal begins after this place. */
  readonly base: JournalPlace;
  /** The copy goes on after this place: the base, or the end of what the standby holds. */
  readonly after: JournalPlace;
  /** The copy ends here: everything up to it is committed. */
  readonly through: JournalPlace;
}

/** Some entries that follow one another. */
export interface JournalRun {
  readonly first: Position;
  /** Checksum of the journal before the first of them. */
  readonly previous: number;
  readonly end: JournalPlace;
}

/** A journal as its primary reads it. */
export interface CopiedJournal {
  readonly base: JournalPlace;
  /** From the base to the end. */
  checksumAt(position: Position): number;
}

export const isSamePlace = (one: JournalPlace, other: JournalPlace): boolean =>
  one.position === other.position && one.checksum === other.checksum;

/** At the primary: after what a standby holds, if that is the beginning of this journal; else at the base. */
export function headerOfCopy(journal: CopiedJournal, through: Position, held?: HeldCopy): CopyHeader {
  const { base } = journal;
  const placeAt = (position: Position): JournalPlace => ({
    position,
    checksum: journal.checksumAt(position),
  });
  const goesOn =
    held !== undefined &&
    isSamePlace(held.base, base) &&
    held.end.position >= base.position &&
    held.end.position <= through &&
    isSamePlace(held.end, placeAt(held.end.position));
  return { base, after: goesOn ? held.end : base, through: placeAt(through) };
}

/** At the standby: judges what comes. */
export class JournalCopy {
  /** What was held is kept, and the copy goes on after it. */
  readonly goesOn: boolean;
  #end: JournalPlace;

  /** @throws DualpingError `invalid-argument` when there is no such copy */
  constructor(
    readonly header: CopyHeader,
    held?: HeldCopy,
  ) {
    const { base, after, through } = header;
    this.goesOn = held !== undefined && isSamePlace(held.base, base) && isSamePlace(held.end, after);
    if (!this.goesOn && !isSamePlace(after, base))
      throw refused(`goes on after position ${after.position}, where nothing is held`);
    if (through.position < after.position)
      throw refused(`goes on after position ${after.position} and ends at ${through.position}`);
    this.#end = after;
  }

  /** What has come, and was held before. */
  get held(): HeldCopy {
    return { base: this.header.base, end: this.#end };
  }

  /** @throws DualpingError `invalid-argument` when it does not follow, or is more than was announced */
  take({ first, previous, end }: JournalRun): void {
    const { position, checksum } = this.#end;
    if (first !== position + 1 || previous !== checksum)
      throw refused(
        `entry ${first} with checksum ${previous} before it can't follow position ${position} with ${checksum}`,
      );
    const { through } = this.header;
    if (end.position > through.position)
      throw refused(`has entry ${end.position}, and is to end at ${through.position}`);
    this.#end = end;
  }

  /** @throws DualpingError `invalid-argument` when something is missing, or it ends with another checksum */
  assertWhole(): void {
    const { through } = this.header;
    if (isSamePlace(this.#end, through)) return;
    const { position, checksum } = this.#end;
    throw refused(
      `ends at position ${position} with checksum ${checksum}, and not at ${through.position} with ${through.checksum}`,
    );
  }
}

const refused = (text: string): DualpingError =>
  new DualpingError('invalid-argument', `the copy of the journal ${text}`);
