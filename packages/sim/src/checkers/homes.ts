/**
 * Checks that a cluster does nothing for users of other clusters, for any client and any order of requests.
 */
import { type ClusterId, type Entry, isClientCommand, type UserName } from '@dualping/core';
import { entryText } from '../entry-text.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';

export class Homes implements Checker {
  constructor(readonly homeOf: (user: UserName) => ClusterId) {}

  appended({ name, cluster }: ServerProcess, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { command } = entry;
      if (!isClientCommand(command)) continue;
      const home = this.homeOf(command.user);
      if (home !== cluster)
        throw new Violation(
          'users-are-served-at-home',
          `${name} has [${entryText(entry)}] of a user of cluster ${home}`,
        );
    }
  }
}
