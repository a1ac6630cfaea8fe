/**
 * Decides which members of a cluster can be promoted now.
 *
 * It answers two questions, in this order. Is it safe: does the member have everything acknowledged, as far
 * as this router can know? The configuration and the member's own reports say so. And can the member work as
 * primary: is it heard, and was it reached (`eligibility.ts`)? The second question only chooses among
 * safe promotions.
 */
import { namesAsPrimary } from '../assignment.js';
import { type Configuration, holdsCopy } from './configuration.js';
import { type Evidence, type Objection, objectionToPromotion } from './eligibility.js';
import { isLive, linkOf, type Member } from './member.js';
import { successorOfCutOff, type View } from './partition.js';

/**
 * Whether the member has everything acknowledged, as far as this router can know: it holds a copy of the set,
 * this life has been heard, and its journal does not end before a position that others have reported as
 * committed.
 */
export function mayServe(configuration: Configuration, member: Member): boolean {
  if (!isLive(member)) return false;
  if (configuration.mode === 'routed') return true;
  if (!member.heard) return false;
  if (configuration.primary === undefined) return true;
  const isShort = member.isAtRest && member.end.durable < configuration.committed;
  return holdsCopy(configuration, member) && !isShort;
}

/** The possible promotions at this moment. Made for each question; it keeps no state. */
export class Promotion {
  constructor(
    readonly configuration: Configuration,
    /** In registration order. */
    readonly members: readonly Member[],
    readonly evidence: Evidence,
    /** Whether no epoch may be granted before an operator has decided. */
    readonly isHalted: boolean,
  ) {}

  /** Live members whose promotion is safe. */
  candidates(): Member[] {
    if (this.isHalted) return [];
    return this.members.filter(
      (member) => !namesAsPrimary(this.configuration, member) && mayServe(this.configuration, member),
    );
  }

  /** Why the member can't be promoted now: text that follows its name; undefined: it can be. */
  objectionTo(member: Member, sinceMs = 0): string | undefined {
    // If it got the epoch, it would end next, and the record of the orderly end, which allows any member to
    // start again, would be lost.
    if (member.isLeaving) return 'is leaving';
    if (this.configuration.mode === 'routed') return this.evidence.isQuiet ? 'is not heard now' : undefined;
    return objectionToPromotion(member, this.evidence, sinceMs);
  }

  /** Safe candidates that nevertheless can't be promoted now, and why. */
  objections(sinceMs = 0): Objection[] {
    return this.candidates().flatMap((member) => {
      const why = this.objectionTo(member, sinceMs);
      return why === undefined ? [] : [[member, why] as const];
    });
  }

  /**
   * The first member that may be promoted; a new life of the lost primary only when there is no other.
   * `sinceMs`: a member must have been heard since then. `isMeant`: only such members.
   */
  successor(sinceMs = 0, isMeant: (member: Member) => boolean = () => true): Member | undefined {
    const may = this.candidates().filter(
      (member) => isMeant(member) && this.objectionTo(member, sinceMs) === undefined,
    );
    return may.find(({ serverId }) => serverId !== this.configuration.primary?.serverId) ?? may[0];
  }

  /**
   * The member that takes over from a primary that most of the live in-sync members can't reach; undefined:
   * the primary stays.
   */
  successorOfCutOff(): Member | undefined {
    const { primary } = this.configuration;
    if (primary === undefined) return undefined;
    const id = successorOfCutOff(primary.serverId, this.views(), (candidate) => {
      const member = this.#find(candidate);
      return member !== undefined && this.objectionTo(member) === undefined;
    });
    return id === undefined ? undefined : this.#find(id);
  }

  /**
   * For each live in-sync member except the primary: which others it can't reach, by its last ping. A member
   * that is a little late counts until it is dropped for silence; otherwise a busy machine would decide which
   * member is cut off.
   */
  views(): View[] {
    return this.members.flatMap((member) => {
      const link = linkOf(member);
      const { serverId } = member;
      const isOther =
        serverId !== this.configuration.primary?.serverId && holdsCopy(this.configuration, member);
      if (link === undefined || !isOther) return [];
      return [{ serverId, cannotReach: this.evidence.cannotReach(link) }];
    });
  }

  #find(serverId: Member['serverId']): Member | undefined {
    return this.members.find((member) => member.serverId === serverId);
  }
}
