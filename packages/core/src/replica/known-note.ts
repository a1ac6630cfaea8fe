/**
 * Judges, when a server opens its journal, what a former life of the server noted about it.
 *
 * A life notes a position only when the journal is durable up to there, and committed entries are never cut:
 * only another generation of the journal may take the place of the one that the note is about, and a note is
 * never of a later generation than the disk has. So a journal that ends before the position, has other
 * entries there, or is of an earlier generation than the note, is not what the server had: somebody has put
 * back an older copy of it, or has cut it.
 */
import { NO_POSITION, type Position } from '../ids.js';
import type { Known } from './messages.js';

export interface KnownNote extends Known {
  /** Of the journal at the committed position; undefined: a former release did not note it. */
  readonly checksum: number | undefined;
  /** The generation of the journal; undefined: a former release did not note it. */
  readonly generation: number | undefined;
}

export interface NotedJournal {
  readonly generation: number;
  readonly last: Position;
  /** Undefined where the journal has nothing, or can't read it. */
  checksumAt(position: Position): number | undefined;
}

export interface JudgedNote {
  /** Its committed position counts only for the entries that it was noted for. */
  readonly known: Known;
  /**
   * Set when the journal is not what the former life had: that life knew it to be committed up to here. The
   * server must not count as the holder of that journal any more.
   */
  readonly olderThan: Position | undefined;
}

export function judgeNote(note: KnownNote, journal: NotedJournal): JudgedNote {
  const { committed, epoch, revision, checksum, generation } = note;
  const there = journal.checksumAt(committed);
  const isOfThese = checksum === undefined || checksum === there;
  const known = { committed: isOfThese ? committed : NO_POSITION, epoch, revision };
  const isCutOrOther = committed > journal.last || (there !== undefined && !isOfThese);
  const isOlder =
    generation !== undefined &&
    (generation > journal.generation || (generation === journal.generation && isCutOrOther));
  return isOlder
    ? { known: { ...known, committed: NO_POSITION }, olderThan: committed }
    : { known, olderThan: undefined };
}
