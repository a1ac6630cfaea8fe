/**
 * Checks that a snapshot plus the later entries gives the same state as replaying everything: whenever a
 * server's state was made from a snapshot, and at the end. The true core does the replay, also when a mutant
 * is run.
 */
import type { SocialState } from '@dualping/core';
import type { Core } from '../core.js';
import { sameEntry } from '../entry-text.js';
import type { ServerProcess } from '../server-process.js';
import { type Checker, Violation } from './checker.js';
import type { History } from './history.js';

export class Replay implements Checker {
  constructor(
    readonly core: Core,
    readonly history: History,
    readonly servers: readonly ServerProcess[],
  ) {}

  serverRebuilt(server: ServerProcess): void {
    this.#compare(server);
  }

  atEnd(): void {
    const left = this.servers.filter(({ isLost }) => !isLost);
    for (const server of left) this.#compare(server);
    const checksums = new Set(left.map(({ disk }) => `${disk.durable.last} ${disk.durable.checksum}`));
    if (checksums.size > 1)
      throw new Violation(
        'journals-are-equal',
        `durable, by last position and checksum: ${[...checksums].join('; ')}`,
      );
  }

  #compare(server: ServerProcess): void {
    const social = server.replica?.ledger.social;
    if (social === undefined || social.applied === 0) return;
    const end = server.disk.image.read(social.applied);
    // After an operator accepted loss the server may still be on the lost line.
    if (
      this.history.hasAcceptedLoss &&
      (end === undefined || !sameEntry(end, this.history.at(social.applied)))
    )
      return;
    const theirs = JSON.stringify(social.toSnapshot());
    const ours = JSON.stringify(this.#replayed(social.applied).toSnapshot());
    if (theirs !== ours)
      throw new Violation(
        'snapshot-and-tail-equal-replay',
        `${server.name} at ${social.applied} is ${difference(theirs, ours)}`,
      );
  }

  #replayed(through: number): SocialState {
    const state = new this.core.SocialState();
    for (const entry of this.history.entries(through)) state.apply(entry);
    return state;
  }
}

function difference(theirs: string, ours: string): string {
  let at = 0;
  while (at < theirs.length && theirs[at] === ours[at]) at += 1;
  const from = Math.max(0, at - 40);
  return `…${theirs.slice(from, at + 80)}… and should be …${ours.slice(from, at + 80)}…`;
}
