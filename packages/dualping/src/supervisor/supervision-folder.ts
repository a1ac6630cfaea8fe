/**
 * The files through which server and supervisor of a pair find each other, under `supervision/` in the
 * server's data folder.
 *
 *   lock-PID-START  which process is the supervisor (see `lockDataFolder`)
 *   process.json the last started process: before it has locked the data folder, there is no other trace of
 *   it server.json where the server listens, and the key for its supervisor outcome.json how supervision
 *   ended, if it ended in order: then it is not started again
 *
 * The process in a file may be gone: each file has its process id and start time, and is used only while that
 * process runs.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@dualping/core';
import { type Holder, holderOf, isRunning, type ProcessIdentity, replaceFileNow } from '@dualping/host';

/** Where a server listens, for its supervisor. */
export interface ServerPlace extends ProcessIdentity {
  /** The address to dial from this machine. */
  readonly address: Address;
  readonly key: string;
  readonly incarnation: number;
}

/** How supervision ended. */
export interface RecordedOutcome {
  readonly exitCode: number;
  readonly text: string;
}

/** Only the owner may read it: the file has the key. */
const MODE = 0o600;

const supervisionFolder = (dataFolder: string): string => join(dataFolder, 'supervision');

export class SupervisionFolder {
  readonly path: string;

  constructor(readonly dataFolder: string) {
    this.path = supervisionFolder(dataFolder);
  }

  get supervisor(): Holder | undefined {
    return holderOf(this.path);
  }

  /** The server's process: the one that has locked the data folder, or is about to. */
  get server(): ProcessIdentity | undefined {
    return holderOf(this.dataFolder) ?? this.#ifRunning(this.#read('process.json', isIdentity));
  }

  recordProcess(started: ProcessIdentity): void {
    this.#write('process.json', started);
  }

  recordPlace(place: ServerPlace): void {
    this.#write('server.json', place);
  }

  /** Where that process listens, once it has reported it. */
  placeOf({ pid, startTime }: ProcessIdentity): ServerPlace | undefined {
    const place = this.#read('server.json', isPlace);
    return place?.pid === pid && place.startTime === startTime ? place : undefined;
  }

  /** Where the last server listened, whether it runs or not. */
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

  /** Undefined for a file that is missing or incomplete; the next start writes it again. */
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
    // Each file has one writer at a time: the process that holds the lock of the data folder, or of this one.
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
