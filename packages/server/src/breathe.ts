/** Lets the other work of this turn of the event loop run first, so that pings don't wait. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
