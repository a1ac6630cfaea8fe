/**
 * When work is done that would cost more, or stop others, if it were done at once.
 *
 * What leaves for a network is gathered: one message that carries much costs little more than one that
 * carries little.
 */
export interface Turns {
  /** When everything is said that the present moment leads to, and before anything else happens. */
  soon(work: () => void): void;
  /** When everything that has come by now had its turn. */
  next(work: () => void): void;
}

/** Of the event loop of this process. */
export const PROCESS_TURNS: Turns = {
  soon: (work) => queueMicrotask(work),
  next: (work) => {
    setImmediate(work);
  },
};
