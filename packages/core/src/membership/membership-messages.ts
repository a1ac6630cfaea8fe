/**
 * The inputs and outputs of a membership. Servers use the part about the stream to the router too.
 */
import type { Assignment } from '../assignment.js';
import type { Address, ClusterKey, Epoch } from '../ids.js';
import type { MemberMessage, RouterMessage } from '../messages.js';
import type { Failure } from '../reasons.js';
import type { Life } from '../same-life.js';

/** A stream that we opened: numbered by the machine, so that messages from an abandoned one are ignored. */
export type Attempt = number;

export interface MemberIdentity extends Life {
  readonly cluster: ClusterKey;
  /** Where others dial this server. */
  readonly address: Address;
  /** Dialled in parallel while none has answered. */
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
  /** The first one starts the membership. */
  | { readonly kind: 'tick' }
  /** Asks the member to end in order: the next member takes over. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'router-message'; readonly attempt: Attempt; readonly message: RouterMessage }
  | ({ readonly kind: 'router-ended'; readonly attempt: Attempt } & Failure);

export type MembershipOutput =
  | RouterLinkOutput
  /** The state has changed. `failed` and `left` are final. */
  | { readonly kind: 'state'; readonly state: MemberState };

/** The state of a member without a journal, as the service that uses it sees it. */
export type MemberState =
  /**
   * Trying `router`, or about to. `because` says how the last attempt, or the last stream, was lost;
   * undefined at the start.
   */
  | { readonly kind: 'connecting'; readonly router: Address; readonly because: Failure | undefined }
  | {
      readonly kind: 'attached';
      readonly router: Address;
      /** The epoch of the assignment, so of the present primary. */
      readonly epoch: Epoch;
      /** Whether this member is the primary. */
      readonly isPrimary: boolean;
      /** The newest one from the router: it names the other members, in their order. */
      readonly assignment: Assignment;
    }
  /** It can't work as asked, and trying again would not help. Final. */
  | { readonly kind: 'failed'; readonly because: Failure }
  /** It left in order, when asked to. Final. */
  | { readonly kind: 'left' };
