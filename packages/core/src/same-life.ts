/** When two say the same: which journal, and which run of which server over it. */
import type { Incarnation, JournalId, LifeId, ServerId } from './ids.js';

export interface Journal {
  readonly serverId: ServerId;
  readonly journalId: JournalId;
}

export interface Life extends Journal {
  readonly incarnation: Incarnation;
  readonly lifeId: LifeId;
}

/** Whether both mean one journal, whoever has it open. */
export const isSameCopy = (one: Journal, other: Journal): boolean =>
  one.serverId === other.serverId && one.journalId === other.journalId;

/**
 * The same where one of the two does not say which life it means: a supervisor does not know its server's.
 */
export const mayBeSameLife = (one: Life, other: Life): boolean =>
  isSameCopy(one, other) &&
  one.incarnation === other.incarnation &&
  (one.lifeId === other.lifeId || one.lifeId === '' || other.lifeId === '');

/** Whether both mean one run of one server over one journal. */
export const isSameLife = (one: Life, other: Life): boolean =>
  isSameCopy(one, other) && one.incarnation === other.incarnation && one.lifeId === other.lifeId;

/**
 * Whether both mean the same member of an in-sync set: one journal, and the life that the router has heard
 * over it.
 */
export const isSameInSyncMember = (
  one: Journal & Pick<Life, 'lifeId'>,
  other: Journal & Pick<Life, 'lifeId'>,
): boolean => isSameCopy(one, other) && one.lifeId === other.lifeId;

/** Whether both name the same primary, or both none. */
export const isSamePrimary = (one: Life | undefined, other: Life | undefined): boolean =>
  one === undefined || other === undefined ? one === other : isSameLife(one, other);
