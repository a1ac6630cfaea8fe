/** What a session does about each reason of a refusal by a server. */

import { unreachable } from '../invariants.js';
import { actionFor, type Reason } from '../reasons.js';

/**
 * `retry` the same server after a moment; `gap` send again in order; `break` leave this server and resolve;
 * `refused` it did not happen, tell the caller; `uncertain` tell the caller that it may have happened;
 * `expired` the server no longer knows the session; `fail` the session can't go on at all.
 */
export type RequestDisposition = 'retry' | 'gap' | 'break' | 'refused' | 'uncertain' | 'expired' | 'fail';

export function requestDisposition(reason: Reason): RequestDisposition {
  switch (reason) {
    case 'busy':
    case 'limit-reached':
      return 'retry';
    case 'sequence-gap':
      return 'gap';
    case 'session-expired':
      return 'expired';
    case 'request-too-old': // it did happen, but its outcome is no longer kept
    case 'internal':
      return 'uncertain';
    case 'session-mismatch':
    case 'wrong-key':
      return 'fail';
    // Another program answers at this address: the caller's request is not wrong.
    case 'not-a-server':
    case 'wrong-cluster':
    case 'wrong-network':
      return 'break';
    default:
      break;
  }
  const action = actionFor(reason);
  switch (action) {
    case 'retry':
    case 're-resolve':
      return 'break';
    case 'show':
    case 'give-up':
      return 'refused';
    default:
      return unreachable(action);
  }
}

/** `renew`: the server no longer knows the user or the session (an unclean promotion): log in again. */
export type LinkDisposition = 'break' | 'renew' | 'fail';

export function linkDisposition(reason: Reason): LinkDisposition {
  switch (reason) {
    case 'unknown-user':
    case 'session-expired':
      return 'renew';
    case 'session-mismatch':
    case 'wrong-key':
    case 'unauthenticated':
    case 'permission-denied':
    case 'invalid-user-name':
    case 'invalid-argument':
      return 'fail';
    default:
      return 'break';
  }
}

/** Whether another router, or the same one later, may give a better answer. */
export function routerMayRecover(reason: Reason): boolean {
  const action = actionFor(reason);
  return action === 'retry' || action === 're-resolve';
}
