/** Lets everything else have its turn, between two long pieces of work: pings must not wait for them. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
