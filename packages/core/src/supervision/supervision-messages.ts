/** The inputs and outputs of the two machines of supervision. */
import type { Incarnation } from '../ids.js';

/** One opening of the stream between the two; numbers are never used again. */
export type KeepAliveLink = number;

/**
 * What the end of a process means for its supervisor.
 *
 * `told`: it was asked to end (by a signal that isn't a crash); that is meant for the supervisor too.
 * `refused`: it can never work with this folder: another network, a copied folder, an older copy.
 * `misused`: its command line can't work, at least not now: an address is taken, a folder is in use. `died`:
 * anything else; starting again may help.
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
  /** Starting it again would not help; a person has to look. */
  | { readonly kind: 'given-up'; readonly because: 'refused' | 'misused'; readonly detail: string };

export type SupervisorInput =
  /** The first input, once. `running`: a process runs already, and is adopted. */
  | { readonly kind: 'begin'; readonly running: boolean }
  /** The process has published its address. A crash report names its `incarnation`, if it has one. */
  | { readonly kind: 'listening'; readonly incarnation: Incarnation | undefined }
  /** The other end of the link is that process, and answers. */
  | { readonly kind: 'greeted'; readonly link: KeepAliveLink }
  | { readonly kind: 'heard'; readonly link: KeepAliveLink }
  | { readonly kind: 'farewell'; readonly link: KeepAliveLink; readonly farewell: Farewell }
  | { readonly kind: 'link-ended'; readonly link: KeepAliveLink; readonly detail: string }
  /** The process is gone, or could not be started. `exit` undefined: how it ended is unknown. */
  | { readonly kind: 'exited'; readonly exit: ExitKind | undefined; readonly detail: string }
  | { readonly kind: 'crash-noted' }
  | { readonly kind: 'crash-failed' }
  /** End in order, together with the supervised process. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'tick' };

export type SupervisorOutput =
  | { readonly kind: 'start' }
  /** Open a link to the address that the process last published. */
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
  /** Close the link: another supervisor has attached. */
  | { readonly kind: 'close-link'; readonly link: KeepAliveLink }
  /**
   * Start a supervisor. `replace`: first kill the holder of the supervisor's lock, which has not attached in
   * time, or hangs. Otherwise a holder is left alone.
   */
  | { readonly kind: 'start-supervisor'; readonly replace: boolean }
  | { readonly kind: 'report'; readonly event: string; readonly text: string };
