export { MAX_ENTRY_BYTES } from './frame.js';
export type {
  CopyContent,
  CopyPiece,
  CopySource,
  CutTail,
  Identity,
  Journal,
  JournalContent,
  JournalListener,
  Snapshot,
  SnapshotInfo,
} from './journal.js';
export { type JournalOptions, openJournal } from './open-journal.js';
export { MAX_SNAPSHOT_PART_BYTES } from './snapshot-file.js';
