/** Users as lists show them. */
import type { UserName } from './ids.js';

export interface UserPresence {
  readonly user: UserName;
  /** Whether the user has a timeline open. */
  readonly present: boolean;
}

export interface PresenceLists {
  /** All users, by name. */
  readonly users: readonly UserPresence[];
  readonly followers: readonly UserPresence[];
  readonly following: readonly UserPresence[];
}

/** A part of the lists: all three of one range of names. */
export interface ListPage extends PresenceLists {
  /** Go on after this name; undefined: that was the last page. */
  readonly next: UserName | undefined;
}
