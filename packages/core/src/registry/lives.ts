/**
 * The chain of lives over one copy of the journal, by which a folder that was copied, restored or reverted is
 * told from the one that it was taken of.
 *
 * A member notes each life that a router has welcomed, durably, before it says anything more; it names the
 * last of them when it attaches. The router keeps the last life that it has heard since it welcomed it. So
 * the next life over the same folder names that one. A folder that names another is older than what this copy
 * has held since.
 *
 * Killed between the welcome and the note, the next life names the life before: the router has not heard the
 * one that was killed, and still takes the one before. Killed between the note and the first word, the next
 * life names a life that the router has welcomed and not heard: it takes these too, until a later one proves
 * that it is past them.
 */
import type { InSyncCopy } from '../assignment.js';
import type { LifeId } from '../ids.js';

/**
 * Lives that were welcomed and not heard, of one copy. Each costs a process that dies in the moment after its
 * welcome; of more than that the oldest is forgotten, and a folder that names it would be taken for an older
 * copy.
 */
export const MAX_UNHEARD_LIVES = 64;

export interface NextLife {
  readonly lifeId: LifeId;
  readonly welcomedLife: LifeId;
}

/** Whether this life goes on from the copy as it was heard last. */
export const continuesFrom = ({ lives }: InSyncCopy, { lifeId, welcomedLife }: NextLife): boolean =>
  lives.includes(lifeId) || lives.includes(welcomedLife);

/** The copy, when a life that continues from it is welcomed. */
export function withWelcomed(copy: InSyncCopy, { lifeId, welcomedLife }: NextLife): InSyncCopy {
  if (copy.lives.includes(lifeId)) return copy;
  const [heard = '', ...unheard] = copy.lives.slice(Math.max(0, copy.lives.indexOf(welcomedLife)));
  return { ...copy, lives: [heard, ...unheard.slice(1 - MAX_UNHEARD_LIVES), lifeId] };
}

/** The copy, when a welcomed life is heard. */
export const withHeard = (copy: InSyncCopy, lifeId: LifeId): InSyncCopy =>
  copy.lives.includes(lifeId) && copy.lives.length > 1 ? { ...copy, lives: [lifeId] } : copy;

/** This life was heard, and none was welcomed since. */
export const isHeardOnly = (copy: InSyncCopy, lifeId: LifeId): boolean =>
  copy.lives.length === 1 && heardLife(copy) === lifeId;

/**
 * The life that the router has heard last of this copy; of one that an operator chose while it was refused,
 * the life that was chosen.
 */
export const heardLife = ({ lives }: InSyncCopy): LifeId => lives[0] ?? '';
