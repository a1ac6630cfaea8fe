/**
 * When to do work that is put off: a message that carries much costs little more than one that carries
 * little, so what leaves for the network is gathered first.
 */
export interface Turns {
  /** At the end of what runs now, before any other event. */
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
