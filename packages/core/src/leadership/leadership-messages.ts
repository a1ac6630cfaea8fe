/** The inputs and outputs of a router's leadership. */
import type { Address, Instant } from '../ids.js';
import type { Campaign } from './fence.js';
import type { Leader, LeaderKey, LeaseId, Term } from './shared-store.js';

export type LeadershipInput =
  /** The answer to `grant-lease`. */
  | { readonly kind: 'lease-granted'; readonly lease: LeaseId }
  /** The answer to `renew-lease`; false: the lease is over. */
  | { readonly kind: 'lease-renewed'; readonly lease: LeaseId; readonly stands: boolean }
  /** In place of either answer: the store did not answer. */
  | { readonly kind: 'lease-failed'; readonly detail: string }
  /** The answer to `read`: who led at some moment after `askedAt`. */
  | ({ readonly kind: 'read'; readonly askedAt: Instant; readonly objection?: Objection } & LeaderKey)
  | { readonly kind: 'read-failed'; readonly detail: string }
  /** The answer to `campaign`: this router leads since some moment after `askedAt`. */
  | { readonly kind: 'won'; readonly term: Term; readonly askedAt: Instant }
  /** The answer to `campaign`: it is won, and what the store has must not be led. */
  | { readonly kind: 'won-in-vain'; readonly objection: string }
  | ({ readonly kind: 'lost'; readonly askedAt: Instant } & LeaderKey)
  /** The store did not answer: it may have happened, or may still happen. */
  | { readonly kind: 'campaign-failed'; readonly detail: string }
  /** A change or a read that began at `askedAt` found this router leading. */
  | { readonly kind: 'confirmed'; readonly term: Term; readonly askedAt: Instant }
  /** A change or a read found another leader, or none was answered for `UNCONFIRMED_MS`. */
  | { readonly kind: 'fenced'; readonly term: Term; readonly detail: string }
  /**
   * A message on the stream to the leader of this term; `leads`: it says that it leads, and the store has
   * confirmed it.
   */
  | { readonly kind: 'peer-sign'; readonly term: Term; readonly leads: boolean }
  | { readonly kind: 'peer-ended'; readonly term: Term }
  /** The answer to `probe-peer`; `refused`: nothing listens at its address. */
  | { readonly kind: 'peer-probed'; readonly term: Term; readonly refused: boolean }
  /** The answer to `step-down`: nothing more is sent in that term. */
  | { readonly kind: 'stepped-down' }
  /** Whether any member is heard now; told when that changes. Without effect where it does not lead. */
  | { readonly kind: 'hears-members'; readonly hears: boolean }
  /** An operator wants another router to lead. Without effect if this one does not lead. */
  | { readonly kind: 'hand-over' }
  /** This router is about to end. */
  | { readonly kind: 'resign' };

/** Why this router must not lead what the store has; undefined: it may. */
export type Objection = string | undefined;

export type LeadershipEvent =
  | 'leads'
  | 'follows'
  | 'steps-down'
  | 'campaigns'
  | 'store-lost'
  | 'store-back'
  | 'store-refused'
  | 'store-accepted'
  | 'store-overwritten';

export type LeadershipOutput =
  | { readonly kind: 'grant-lease' }
  | { readonly kind: 'renew-lease'; readonly lease: LeaseId }
  /** So that the others need not wait until it expires. There is no answer. */
  | { readonly kind: 'end-lease'; readonly lease: LeaseId }
  | { readonly kind: 'read' }
  | { readonly kind: 'campaign'; readonly campaign: Campaign }
  /** Hold a stream to the leader of this term, in place of any other. */
  | { readonly kind: 'hear-peer'; readonly term: Term; readonly address: Address }
  | { readonly kind: 'leave-peer' }
  /** Find out whether a process listens there. */
  | { readonly kind: 'probe-peer'; readonly term: Term; readonly address: Address }
  /** Start the registry with the state that was found. */
  | { readonly kind: 'lead'; readonly term: Term }
  /** Say nothing more in this term: not one message. */
  | { readonly kind: 'step-down'; readonly term: Term; readonly why: string }
  /** Tell callers who leads; `leader` undefined: no router, as far as is known. */
  | { readonly kind: 'leader-is'; readonly leader: Leader | undefined }
  | { readonly kind: 'report'; readonly event: LeadershipEvent; readonly text: string };
