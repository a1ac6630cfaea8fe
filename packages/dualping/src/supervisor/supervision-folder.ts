/**
 * What the two of a pair leave for one another in the server's data folder, under `supervision/`.
 *
 *   lock-PID-START  which process is the supervisor (see `lockDataFolder`)
 *   process.json    the process that was started last: until it has locked the data folder, nothing else tells of it
 *   server.json     where the server listens, and the key that lets a supervisor in
 *   outcome.json    how supervision ended, if it ended in order: then nobody starts it again
 *
 * All are about processes that may be gone: each names its process by id and start, and is believed only
 * while that runs.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@dualping/core';
import { type Holder, holderOf, isRunning, type ProcessIdentity, replaceFileNow } from '@dualping/host';

/** Where a server listens, for its supervisor. */
export interface ServerPlace extends ProcessIdentity {
  /** As it can be dialled from this machine. */
  readonly address: Address;
  readonly key: string;
  readonly incarnation: number;
}

/** How supervision ended. */
export interface RecordedOutcome {
  readonly exitCode: number;
  readonly text: string;
}

/** The key is in there: nobody else may read it. */
const MODE = 0o600;

export const supervisionFolder = (dataFolder: string): string => join(dataFolder, 'supervision');

export class SupervisionFolder {
  readonly path: string;

  constructor(readonly dataFolder: string) {
    this.path = supervisionFolder(dataFolder);
  }

  get supervisor(): Holder | undefined {
    return holderOf(this.path);
  }

  /** The server's process: whoever holds the data folder, or is about to. */
  get server(): ProcessIdentity | undefined {
    return holderOf(this.dataFolder) ?? this.#ifRunning(this.#read('process.json', isIdentity));
  }

  recordProcess(started: ProcessIdentity): void {
    this.#write('process.json', started);
  }

  recordPlace(place: ServerPlace): void {
    this.#write('server.json', place);
  }

  /** Where that very process listens, once it has said so. */
  placeOf({ pid, startTime }: ProcessIdentity): ServerPlace | undefined {
    const place = this.#read('server.json', isPlace);
    return place?.pid === pid && place.startTime === startTime ? place : undefined;
  }

  /** Where the last one listened, whether it runs or not. */
  get lastPlace(): ServerPlace | undefined {
    return this.#read('server.json', isPlace);
  }

  recordOutcome(outcome: RecordedOutcome): void {
    this.#write('outcome.json', outcome);
  }

  forgetOutcome(): void {
    rmSync(join(this.path, 'outcome.json'), { force: true });
  }

  get outcome(): RecordedOutcome | undefined {
    return this.#read('outcome.json', isOutcome);
  }

  #ifRunning(identity: ProcessIdentity | undefined): ProcessIdentity | undefined {
    return identity !== undefined && isRunning(identity) ? identity : undefined;
  }

  /** A file that is missing or not whole says nothing; it is made again with the next start. */
  #read<T>(name: string, is: (value: unknown) => value is T): T | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(join(this.path, name), 'utf8'));
      return is(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #write(name: string, value: object): void {
    mkdirSync(this.path, { recursive: true });
    // Each file has one writer at a time: whoever holds the data folder, or this one.
    replaceFileNow(join(this.path, name), `${JSON.stringify(value)}\n`, { mode: MODE, durable: false });
  }
}

const has = <Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> =>
  typeof value === 'object' && value !== null && key in value;

const isIdentity = (value: unknown): value is ProcessIdentity =>
  has(value, 'pid') &&
  Number.isInteger(value.pid) &&
  has(value, 'startTime') &&
  typeof value.startTime === 'string';

const isPlace = (value: unknown): value is ServerPlace =>
  isIdentity(value) &&
  has(value, 'address') &&
  typeof value.address === 'string' &&
  has(value, 'key') &&
  typeof value.key === 'string' &&
  has(value, 'incarnation') &&
  Number.isInteger(value.incarnation);

const isOutcome = (value: unknown): value is RecordedOutcome =>
  has(value, 'exitCode') &&
  Number.isInteger(value.exitCode) &&
  has(value, 'text') &&
  typeof value.text === 'string';
