/** Users as lists show them. */
import type { UserName } from './ids.js';

/** A user, and whether they are present now. */
export interface UserPresence {
  readonly user: UserName;
  /** Whether the user has a timeline open. */
  readonly present: boolean;
}

/** All users, those who follow the asker, and those whom the asker follows. */
export interface PresenceLists {
  /** All users, by name. */
  readonly users: readonly UserPresence[];
  readonly followers: readonly UserPresence[];
  readonly following: readonly UserPresence[];
}

/** One page of the lists: all three, for one range of names. */
export interface ListPage extends PresenceLists {
  /** The next page begins after this name; undefined: this is the last page. */
  readonly next: UserName | undefined;
}
