/**
 * A program that sends a server requests of users of another cluster, all at once and without waiting for
 * answers.
 */
import type { Epoch } from '@dualping/core';
import type { Acceptors } from './network.js';
import { Process, type Surroundings } from './process.js';

export class Trespasser extends Process {
  readonly acceptors: Acceptors = {};

  constructor(name: string, around: Surroundings) {
    super(name, around);
    this.begin();
  }

  /** Logs each user in and posts as them. */
  ask(address: string, users: readonly string[], epoch: Epoch): void {
    for (const user of users) {
      const sessionId = `${this.name}-${user}`;
      const commands = [
        { kind: 'register', user },
        { kind: 'post', user, text: `${sessionId}/1` },
      ] as const;
      for (const [at, command] of commands.entries())
        this.network.dial(this, address, 'write', {
          kind: 'write',
          sessionId,
          requestNo: at + 1,
          epoch,
          command,
        });
    }
  }
}
