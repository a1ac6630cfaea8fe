/** Reads a copy of a journal for a standby: its files as they are, verified piece by piece. */
import { type HeldCopy, headerOfCopy, isSamePlace, NO_POSITION, type Position } from '@dualping/core';
import type { Generation } from './generation.js';
import type { CopyPiece, CopySource } from './journal.js';
import type { SnapshotFile } from './snapshots.js';

/**
 * Bytes of one piece: some 2 ms to read, verify and send. Everything else of the primary has its turn between
 * two pieces. Smaller ones take more time in all.
 */
const PIECE_BYTES = 256 * 1024;

/** @param state the newest snapshot up to there */
export function copySource(
  generation: Generation,
  through: Position,
  state: SnapshotFile | undefined,
  held: HeldCopy | undefined,
): CopySource {
  const { history } = generation;
  const { position, checksum } = generation.base;
  const journal = {
    base: { position, checksum },
    checksumAt: (at: Position) => generation.checksumAt(at),
  };
  const header = headerOfCopy(journal, through, held);
  const isAnew = isSamePlace(header.after, header.base);
  const first = (header.after.position + 1) as Position;
  const bytes =
    (state?.bytes.length ?? 0) + (isAnew ? history.bytes : 0) + generation.bytesOf(first, through);
  const content = { ...header, state: state?.position ?? NO_POSITION, history: history.record, bytes };

  function* pieces(): Generator<CopyPiece, void> {
    const { length = 0 } = state?.bytes ?? {};
    for (let at = 0; at < length; at += PIECE_BYTES)
      yield { kind: 'state', bytes: (state as SnapshotFile).bytes.subarray(at, at + PIECE_BYTES) };
    if (isAnew) for (const run of generation.historyRuns(PIECE_BYTES)) yield { kind: 'history', bytes: run };
    for (const run of generation.runs(first, through, PIECE_BYTES)) yield { kind: 'records', bytes: run };
  }
  return { content, pieces };
}
