/**
 * What goes into a membership and what comes out of it; the part about the stream to the router is a
 * server's, too.
 */
import type { Assignment } from '../assignment.js';
import type { Address, ClusterId, Epoch, Incarnation, JournalId, LifeId, ServerId } from '../ids.js';
import type { MemberMessage, RouterMessage } from '../messages.js';
import type { Failure, Reason } from '../reasons.js';

/** A stream that we opened: numbered by the machine, so that what comes from an abandoned one is ignored. */
export type Attempt = number;

export interface MemberIdentity {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  /** Empty for a member that cannot replicate. */
  readonly journalId: JournalId;
  /** Of this process: new at each start. */
  readonly lifeId: LifeId;
  /** Where others dial this server. */
  readonly address: Address;
  /** Dialled side by side while none has answered. */
  readonly routers: readonly Address[];
}

export type RouterLinkOutput =
  | {
      readonly kind: 'open-router';
      readonly attempt: Attempt;
      readonly address: Address;
      readonly message: MemberMessage;
    }
  | { readonly kind: 'to-router'; readonly attempt: Attempt; readonly message: MemberMessage }
  | { readonly kind: 'close-router'; readonly attempt: Attempt };

export type MembershipInput =
  /** The first begins it. */
  | { readonly kind: 'tick' }
  /** To end in order: the next member takes over. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'router-message'; readonly attempt: Attempt; readonly message: RouterMessage }
  | {
      readonly kind: 'router-ended';
      readonly attempt: Attempt;
      readonly reason: Reason;
      readonly detail: string;
    };

export type MembershipOutput =
  | RouterLinkOutput
  /** It has changed. `failed` and `left` are the last. */
  | { readonly kind: 'state'; readonly state: MemberState };

/** Where a member without a journal is, as the service that it speaks for sees it. */
export type MemberState =
  /**
   * At `router`, or about to try it. `because` says how the last attempt, or the stream that stood, was lost;
   * undefined at the start.
   */
  | { readonly kind: 'connecting'; readonly router: Address; readonly because: Failure | undefined }
  | {
      readonly kind: 'attached';
      readonly router: Address;
      /** The assignment's: of whoever is primary now. */
      readonly epoch: Epoch;
      /** Whether that is this member. */
      readonly isPrimary: boolean;
      /** The newest that the router has told: who else is there, in which order. */
      readonly assignment: Assignment;
    }
  /** It can't work as asked, and trying again would not help. For good. */
  | { readonly kind: 'failed'; readonly because: Failure }
  /** In order, as it was told to. For good. */
  | { readonly kind: 'left' };
