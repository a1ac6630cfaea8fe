/** Does some work on a file, and notices when the disk takes long. `doing` is for people. */
export type Timed = <T>(doing: string, work: () => Promise<T>) => Promise<T>;

export const untimed: Timed = (_doing, work) => work();
