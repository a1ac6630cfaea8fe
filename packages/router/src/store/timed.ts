/** Does some work on a file, and watches how long the disk takes. `doing` is for people. */
export type Timed = <T>(doing: string, work: () => Promise<T>) => Promise<T>;

export const untimed: Timed = (_doing, work) => work();
