/**
 * Checks what the router answers a client that has lost its primary and waits for the successor. While the
 * router still hears that primary, only the client's own link was lost: the router must answer that at the
 * second ping, before the client's wait is over.
 */
import type { ClusterId, Epoch } from '@dualping/core';
import { type Checker, Violation } from './checker.js';

/** The first ping may have been sent before the client's link broke. */
const PINGS_OF_A_LIVE_PRIMARY = 2;

interface Question {
  readonly failedEpoch: Epoch;
  /** How many pings of the primary of that epoch came since. */
  pings: number;
}

export class Reassurance implements Checker {
  readonly #questions = new Map<number, Question>();
  #pinged: Epoch | undefined;

  routerStarted(): void {
    this.#questions.clear();
  }

  primaryAsked({ token, failedEpoch }: { readonly token: number; readonly failedEpoch: Epoch }): void {
    this.#questions.set(token, { failedEpoch, pings: 0 });
  }

  questionOver(token: number): void {
    this.#questions.delete(token);
  }

  primaryPinged({ epoch }: { readonly cluster: ClusterId; readonly epoch: Epoch }): void {
    this.#pinged = epoch;
  }

  routerStepped(): void {
    const epoch = this.#pinged;
    this.#pinged = undefined;
    if (epoch === undefined) return;
    for (const [token, question] of this.#questions) {
      if (question.failedEpoch !== epoch) continue;
      question.pings += 1;
      if (question.pings >= PINGS_OF_A_LIVE_PRIMARY)
        throw new Violation(
          'a-live-primary-is-told',
          `question ${token} waits for a successor of epoch ${epoch}, whose primary was heard ${question.pings} times since`,
        );
    }
  }
}
