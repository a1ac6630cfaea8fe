/** The small store of paths that csce438 programs keep at their coordinator. */
import type { PathAndData } from '@dualping/protocol';

/** Paths of one network: with the longest paths and data 50 MB in the store and less in memory. */
export const MAX_PATHS = 10_000;

export interface Paths {
  /** Whether it was made, durably; false for an existing path, which stays unchanged. */
  create(made: PathAndData): Promise<boolean>;
  exists(path: string): boolean | Promise<boolean>;
}
