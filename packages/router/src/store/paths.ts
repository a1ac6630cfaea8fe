/** The small store of paths that programs of the csce438 family keep at their coordinator. */
import type { PathAndData } from '@dualping/protocol';

/** Paths of one network: with the longest paths and data 50 MB in the store and less in memory. */
export const MAX_PATHS = 10_000;

export interface Paths {
  /** Whether it was made, durably; false for one that is there already, which stays as it is. */
  create(made: PathAndData): Promise<boolean>;
  exists(path: string): boolean | Promise<boolean>;
}
