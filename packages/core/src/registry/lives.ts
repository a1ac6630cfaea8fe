/**
 * The chain of lives over one copy of the journal. It distinguishes a folder that was copied, restored or
 * reverted from the present one.
 *
 * A member durably stores each of its lives that a router has welcomed, before it sends anything more; when
 * it attaches it names the last stored one. The router keeps the last life that it welcomed and then heard.
 * So the next life over the same folder names that one. A folder that names another life is older than what
 * is known of this copy.
 *
 * A member may be killed before it has stored the welcome. Then its next life names the life before; the
 * router has not heard the killed one, and still accepts the one before. Or it is killed after it has stored
 * the welcome and before its first message. Then its next life names a life that the router has welcomed and
 * not heard; the router accepts these too, until it hears a later one.
 */
import type { InSyncCopy } from '../assignment.js';
import type { LifeId } from '../ids.js';

/**
 * Most lives of one copy that were welcomed and not heard. Each needs a process that dies right after its
 * welcome. Beyond this the oldest is forgotten, and a folder that names it would be taken for an older copy.
 */
const MAX_UNHEARD_LIVES = 64;

export interface NextLife {
  readonly lifeId: LifeId;
  readonly welcomedLife: LifeId;
}

/** Whether this life continues the copy as it was last heard. */
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
 * The last life of this copy that the router has heard; or, if an operator chose a refused member, the life
 * that was chosen.
 */
export const heardLife = ({ lives }: InSyncCopy): LifeId => lives[0] ?? '';
