/** What must hold between an assignment and the next one, whatever happened in between. */
import type { Assignment } from '../assignment.js';
import { invariant } from '../invariants.js';
import { isSameCopy, isSamePrimary } from '../same-life.js';

export function checkSuccession(before: Assignment, after: Assignment): void {
  const facts = { before, after };
  const { primary, inSync } = after;
  invariant(after.epoch >= before.epoch, 'epoch-only-rises', facts);
  if (after.epoch === before.epoch) {
    invariant(isSamePrimary(primary, before.primary), 'one-primary-per-epoch', facts);
  }
  if (primary === undefined || primary.journalId === '') return; // no primary, or one that does not replicate
  invariant(inSync.length > 0, 'in-sync-never-empty', facts);
  invariant(
    inSync.some((copy) => isSameCopy(copy, primary)),
    'primary-is-in-sync',
    facts,
  );
}
