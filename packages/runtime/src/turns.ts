/**
 * When to do delayed work: a large message costs little more than a small one, so messages are gathered
 * before they are sent.
 */
export interface Turns {
  /** At the end of the present work, before any other event. */
  soon(work: () => void): void;
  /** After the events that have arrived by now. */
  next(work: () => void): void;
}

/** Of the event loop of this process. */
export const PROCESS_TURNS: Turns = {
  soon: (work) => queueMicrotask(work),
  next: (work) => {
    setImmediate(work);
  },
};
