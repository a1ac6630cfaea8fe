/** Lets other work run between two long pieces of work, so that pings don't wait. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
