/** What the two machines of supervision are told and what they say. */
import type { Incarnation } from '../ids.js';

/** One opening of the stream between the two; numbers are never used again. */
export type KeepAliveLink = number;

/**
 * What the end of a process means for its supervisor.
 *
 * `told`: it was ordered to end (a signal that isn't a crash); whoever gave the order means the supervisor
 * too. `refused`: it can never work as it is: another network, another disk's copy, an older copy of its
 * folder. `misused`: its command line can't work, at least not now: an address that is taken, a folder in
 * use. `died`: anything else, which starting again may mend.
 */
export type ExitKind = 'told' | 'refused' | 'misused' | 'died';

/** Why a server says that it is about to end. */
export interface Farewell {
  readonly kind: Exclude<ExitKind, 'misused'>;
  readonly detail: string;
}

/** The end of a supervisor's work. */
export type Outcome =
  | { readonly kind: 'told'; readonly detail: string }
  /** Starting it again would be of no use; somebody has to look. */
  | { readonly kind: 'given-up'; readonly because: 'refused' | 'misused'; readonly detail: string };

export type SupervisorInput =
  /** Once, first. `running`: there is a process already, which is adopted instead of starting one. */
  | { readonly kind: 'begin'; readonly running: boolean }
  /** The process says where it listens. `incarnation` where it has one: it is what a crash is reported of. */
  | { readonly kind: 'listening'; readonly incarnation: Incarnation | undefined }
  /** The other end of the link is the process, and answers. */
  | { readonly kind: 'greeted'; readonly link: KeepAliveLink }
  | { readonly kind: 'heard'; readonly link: KeepAliveLink }
  | { readonly kind: 'farewell'; readonly link: KeepAliveLink; readonly farewell: Farewell }
  | { readonly kind: 'link-ended'; readonly link: KeepAliveLink; readonly detail: string }
  /** The process is gone, or could not be started. `exit` undefined: nobody could see how it ended. */
  | { readonly kind: 'exited'; readonly exit: ExitKind | undefined; readonly detail: string }
  | { readonly kind: 'crash-noted' }
  | { readonly kind: 'crash-failed' }
  /** End in order, and what is supervised with it. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'tick' };

export type SupervisorOutput =
  | { readonly kind: 'start' }
  /** To where the process last said that it listens. */
  | { readonly kind: 'open-link'; readonly link: KeepAliveLink }
  | { readonly kind: 'ping'; readonly link: KeepAliveLink; readonly sequence: number }
  | { readonly kind: 'close-link'; readonly link: KeepAliveLink }
  /** End it in order. */
  | { readonly kind: 'terminate' }
  /** End it now, hung or not. */
  | { readonly kind: 'kill' }
  /** Tell the router. Answered by `crash-noted` or `crash-failed`. */
  | { readonly kind: 'report-crash'; readonly incarnation: Incarnation; readonly detail: string }
  /** The last output; nothing is supervised any more. */
  | { readonly kind: 'finished'; readonly outcome: Outcome }
  /** A line for operators. */
  | { readonly kind: 'report'; readonly event: string; readonly text: string };

export type SupervisorWatchInput =
  | { readonly kind: 'attached'; readonly link: KeepAliveLink; readonly keepAliveMs: number }
  | { readonly kind: 'heard'; readonly link: KeepAliveLink }
  | { readonly kind: 'link-ended'; readonly link: KeepAliveLink }
  /** This server is about to end: it needs no supervisor any more. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'tick' };

export type SupervisorWatchOutput =
  /** Another supervisor has come. */
  | { readonly kind: 'close-link'; readonly link: KeepAliveLink }
  /**
   * Start a supervisor. `replace`: whoever holds its place has had time to attach and has not, or hangs, and
   * is killed first. Otherwise one that holds the place is left alone.
   */
  | { readonly kind: 'start-supervisor'; readonly replace: boolean }
  | { readonly kind: 'report'; readonly event: string; readonly text: string };
