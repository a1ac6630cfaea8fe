/** Compares references to a journal, and to a run of a server over it. */
import type { Incarnation, JournalId, LifeId, ServerId } from './ids.js';

export interface Journal {
  readonly serverId: ServerId;
  /** Empty for a member that cannot replicate. */
  readonly journalId: JournalId;
}

/** One run of a server. */
export interface Life extends Journal {
  readonly incarnation: Incarnation;
  /** New at each start. Empty when it is not given, or when a supervisor names its server. */
  readonly lifeId: LifeId;
}

/** Whether both mean the same journal, whichever process has it open. */
export const isSameCopy = (one: Journal, other: Journal): boolean =>
  one.serverId === other.serverId && one.journalId === other.journalId;

/**
 * Whether both may mean the same life. One of the two may lack the life id: a supervisor does not know its
 * server's.
 */
export const mayBeSameLife = (one: Life, other: Life): boolean =>
  isSameCopy(one, other) &&
  one.incarnation === other.incarnation &&
  (one.lifeId === other.lifeId || one.lifeId === '' || other.lifeId === '');

/** Whether both mean the same run of the same server over the same journal. */
export const isSameLife = (one: Life, other: Life): boolean =>
  isSameCopy(one, other) && one.incarnation === other.incarnation && one.lifeId === other.lifeId;

/**
 * Whether both name the same member of an in-sync set: the same journal, and the same heard life over it.
 */
export const isSameInSyncMember = (
  one: Journal & Pick<Life, 'lifeId'>,
  other: Journal & Pick<Life, 'lifeId'>,
): boolean => isSameCopy(one, other) && one.lifeId === other.lifeId;

/** Whether both name the same primary, or both none. */
export const isSamePrimary = (one: Life | undefined, other: Life | undefined): boolean =>
  one === undefined || other === undefined ? one === other : isSameLife(one, other);
