/**
 * What lasts from one run of the client to the next: drafts, unsent texts, how far the person has read, sent
 * texts; and the settings.
 *
 * Each client writes a file of its own, so that two clients of one user never overwrite each other's drafts,
 * and no lock is needed. A client that starts takes over the files of clients that have ended; if two start
 * at once, a rename decides which takes a file. The file of a running client stays its own; others only read
 * from it what was read and sent.
 *
 *     STATE/clients/mira-1f2e3d4c5b6a/8899aabb-4711-01234567.json      a user in a network / host, process, chance
 *     CONFIG/settings.json
 */
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Folders } from '@dualping/host';
import type { Kept } from '../state/initial.js';
import type { OwnKeys } from '../state/own-keys.js';
import type { Settings } from '../state/state.js';
import { isClientFileName, isInUse, ownName, type Surroundings, thisMachine } from './owner.js';
import { replacedBy, replaceLater, replaceNow } from './owner-only-file.js';
import { learntFrom, mergedKept, type Record, readRecord, recordText } from './record.js';
import { reasonOf, SettingsFile, setAside } from './settings-file.js';

export interface ClientFileOptions {
  readonly folders: Folders;
  readonly user: string;
  /** The network's lasting name: its id. An address may belong to another network tomorrow. */
  readonly network: string;
  /** Names from before the id was known: files under these names are taken over, once. */
  readonly formerly?: readonly string[];
  /**
   * Receives problems, for people: a file that can't be used, a full disk. The client goes on without the
   * file. Not called by the constructor.
   */
  readonly onProblem: (text: string) => void;
  /** Wall clock, to find the newer of two drafts. */
  readonly wallMs?: () => number;
  readonly surroundings?: Surroundings;
}

/**
 * The hash is there because network names are long, and some file systems don't distinguish Mira from mira.
 */
function folderOf(folders: Folders, user: string, network: string): string {
  const key = createHash('sha256').update(`${user}\n${network}`).digest('hex').slice(0, 12);
  return join(folders.state, 'clients', `${user}-${key}`);
}

/** Largest file that is read, bytes: larger than any client writes. */
const MOST_BYTES = 64 * 1024 * 1024;

export class ClientFile {
  readonly #user: string;
  readonly #network: string;
  readonly #onProblem: (text: string) => void;
  readonly #wallMs: () => number;
  readonly #surroundings: Surroundings;
  readonly #folder: string;
  readonly #formerly: readonly string[];
  readonly #formerFolders: readonly string[];
  readonly #path: string;
  readonly #settings: SettingsFile;
  /** The content of the file, without the time when it was saved. */
  #saved: string | undefined;
  /** Rises with each save: an older save must not replace a newer one. */
  #saves = 0;
  #saving: Promise<void> | undefined;
  #waiting: Kept | undefined;
  #failing = false;

  constructor({
    folders,
    user,
    network,
    formerly = [],
    onProblem,
    wallMs = Date.now,
    surroundings,
  }: ClientFileOptions) {
    this.#user = user;
    this.#network = network;
    this.#onProblem = onProblem;
    this.#wallMs = wallMs;
    this.#surroundings = surroundings ?? thisMachine();
    this.#formerly = formerly.filter((name) => name !== network);
    this.#folder = folderOf(folders, user, network);
    this.#formerFolders = this.#formerly.map((name) => folderOf(folders, user, name));
    this.#path = join(this.#folder, ownName(this.#surroundings));
    this.#settings = new SettingsFile(join(folders.config, 'settings.json'), onProblem);
  }

  /** Takes over the files of clients that have ended. Called once, at the start. */
  load(): Kept {
    const left: { readonly path: string; readonly record: Record }[] = [];
    const learnt: Record[] = [];
    for (const folder of [...this.#formerFolders, this.#folder]) {
      const names = this.#names(folder);
      this.#clearAway(folder, names);
      for (const name of names.filter(isClientFileName)) {
        const path = join(folder, name);
        const inUse = this.#isInUse(path);
        if (inUse === undefined) continue;
        const claimed = inUse ? path : this.#claim(path);
        if (claimed === undefined) continue;
        const record = this.#read(claimed, inUse);
        if (record === undefined) continue;
        if (inUse) learnt.push(learntFrom(record));
        else left.push({ path: claimed, record });
      }
    }
    const kept = mergedKept([...learnt, ...left.map(({ record }) => record)]);
    // Their files are removed when ours is on the disk, so that nothing is lost in between.
    if (left.length > 0 && this.#saveNow(kept)) for (const { path } of left) rmSync(path, { force: true });
    return kept;
  }

  /**
   * Saves at the end of the client. @returns whether it is on the disk; if not, it was reported as a problem
   */
  save(kept: Kept): boolean {
    this.#waiting = undefined;
    return this.#saveNow(kept);
  }

  /** Saves without blocking the keys; of several calls during a save only the last one is written. */
  saveSoon(kept: Kept): void {
    this.#waiting = kept;
    this.#saving ??= this.#saveWaiting().finally(() => {
      this.#saving = undefined;
    });
  }

  /**
   * Resolves when everything given to `saveSoon` has been written. Never fails: failures are reported as
   * problems.
   */
  async flush(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
  }

  /** The settings that the person has ever chosen. */
  loadSettings(): Partial<Settings> {
    return this.#settings.load();
  }

  loadKeys(): OwnKeys {
    return this.#settings.loadKeys();
  }

  /** Pass only the settings that the person changed: another client may have changed others. */
  saveSettings(changed: Partial<Settings>): void {
    this.#settings.save(changed);
  }

  #names(folder: string): readonly string[] {
    let entries: readonly Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#onProblem(`drafts cannot be read: ${reasonOf(error)}`);
      return [];
    }
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  /**
   * Removes unfinished files: a client that is killed while it saves leaves one beside its file, which itself
   * is complete.
   */
  #clearAway(folder: string, names: readonly string[]): void {
    for (const name of names) {
      const owner = replacedBy(name);
      if (owner === undefined || !isClientFileName(owner)) continue;
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat !== undefined && !isInUse(owner, stat.ctimeMs, this.#surroundings))
        rmSync(path, { force: true });
    }
  }

  /** Undefined when the file is gone. */
  #isInUse(path: string): boolean | undefined {
    const stat = statSync(path, { throwIfNoEntry: false });
    // `ctime`, because a rename counts too: a client that has just claimed a file is using it.
    return stat === undefined ? undefined : isInUse(basename(path), stat.ctimeMs, this.#surroundings);
  }

  /**
   * Renames a file to a name of this process, so that no other client takes it. Undefined when another client
   * was faster.
   */
  #claim(path: string): string | undefined {
    const claimed = join(dirname(path), ownName(this.#surroundings));
    try {
      renameSync(path, claimed);
      return claimed;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#onProblem(`a draft cannot be taken over: ${reasonOf(error)}`);
      return undefined;
    }
  }

  #read(path: string, inUse: boolean): Record | undefined {
    let text: string;
    try {
      const { size } = statSync(path);
      text = size > MOST_BYTES ? '' : readFileSync(path, 'utf8');
    } catch (error) {
      if (!inUse) this.#onProblem(`drafts cannot be read: ${reasonOf(error)}`);
      return undefined;
    }
    const reading = readRecord(text);
    switch (reading.kind) {
      case 'record': {
        const { user, network } = reading.record;
        if (user === this.#user && [this.#network, ...this.#formerly].includes(network))
          return reading.record;
        this.#onProblem(`${path} belongs to another user or network, and is left alone`);
        return undefined;
      }
      case 'newer':
        this.#onProblem(`${path} is of a later version (${reading.version}), and is left alone`);
        return undefined;
      case 'damaged':
        // A bad file that is in use belongs to its owner, who writes it again with the next key.
        if (!inUse) this.#onProblem(setAside(path, reading.why));
        return undefined;
    }
  }

  #saveNow(kept: Kept): boolean {
    this.#saves += 1;
    const text = this.#textOf(kept);
    if (text.same) return true;
    try {
      replaceNow(this.#path, text.content);
      this.#succeeded(text.comparable);
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  async #saveWaiting(): Promise<void> {
    for (let kept = this.#waiting; kept !== undefined; kept = this.#waiting) {
      this.#waiting = undefined;
      this.#saves += 1;
      const save = this.#saves;
      const text = this.#textOf(kept);
      if (text.same) continue;
      try {
        await replaceLater(this.#path, text.content, () => save === this.#saves);
        if (save === this.#saves) this.#succeeded(text.comparable);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #textOf(kept: Kept): { readonly content: string; readonly comparable: string; readonly same: boolean } {
    const whose = { user: this.#user, network: this.#network, kept };
    const comparable = recordText({ ...whose, savedAtMs: 0 });
    return {
      content: recordText({ ...whose, savedAtMs: this.#wallMs() }),
      comparable,
      same: comparable === this.#saved,
    };
  }

  #succeeded(comparable: string): void {
    this.#saved = comparable;
    this.#failing = false;
  }

  /** Reported once, until saving works again: otherwise it would be reported with every word. */
  #failed(error: unknown): void {
    this.#saved = undefined;
    if (!this.#failing) this.#onProblem(`drafts are not saved: ${reasonOf(error)}`);
    this.#failing = true;
  }
}
