export type {
  CutTail,
  Identity,
  Journal,
  JournalListener,
  Snapshot,
  SnapshotChunk,
  SnapshotInfo,
} from './journal.js';
