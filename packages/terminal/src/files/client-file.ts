/**
 * What lasts from one run of the client to the next: drafts, texts that were not sent, how far one has read,
 * what was sent before; and the settings.
 *
 * Each client writes a file of its own, so that two of the same user never write over one another's drafts,
 * and no lock is needed. A client that starts takes over what others left that have ended: a rename decides
 * between two that start at once. What a client that still runs has in its file stays there, but for what it
 * has read and sent, which is good to know.
 *
 *     STATE/clients/mira-1f2e3d4c5b6a/8899aabb-4711-01234567.json      a user in a network / host, process, chance
 *     CONFIG/settings.json
 */
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Kept } from '../state/initial.js';
import type { OwnKeys } from '../state/own-keys.js';
import type { Settings } from '../state/state.js';
import type { Folders } from './folders.js';
import { isClientFileName, isInUse, ownName, type Surroundings, thisMachine } from './owner.js';
import { replacedBy, replaceLater, replaceNow } from './owner-only-file.js';
import { learntFrom, mergedKept, type Record, readRecord, recordText } from './record.js';
import { reasonOf, SettingsFile, setAside } from './settings-file.js';

export interface ClientFileOptions {
  readonly folders: Folders;
  readonly user: string;
  /** What names the network for good: its id. Addresses are of whoever listens there today. */
  readonly network: string;
  /** What it was known by before its id was: what was kept under these is taken over, once. */
  readonly formerly?: readonly string[];
  /**
   * Told, for people: a file that cannot be used, a disk that is full. The client goes on without. Not called
   * while constructing.
   */
  readonly onProblem: (text: string) => void;
  /** Wall clock: tells which of two drafts is newer. */
  readonly wallMs?: () => number;
  readonly surroundings?: Surroundings;
}

/** Networks have long names, and some disks don't tell Mira from mira: the hash does. */
function folderOf(folders: Folders, user: string, network: string): string {
  const key = createHash('sha256').update(`${user}\n${network}`).digest('hex').slice(0, 12);
  return join(folders.state, 'clients', `${user}-${key}`);
}

/** Larger than any client writes. */
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
  /** What the file holds, but for when it was saved. */
  #saved: string | undefined;
  /** Rises with each save: what was begun before must not take its place after. */
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

  /** Takes over what clients that have ended left behind. Once, at the start. */
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
    // Theirs go once ours is on the disk: whatever happens between, nothing is lost.
    if (left.length > 0 && this.#saveNow(kept)) for (const { path } of left) rmSync(path, { force: true });
    return kept;
  }

  /** @returns whether it is on the disk; else that was told as a problem. For the end, however it comes. */
  save(kept: Kept): boolean {
    this.#waiting = undefined;
    return this.#saveNow(kept);
  }

  /** The same without holding up the keys; of several that come meanwhile only the last is written. */
  saveSoon(kept: Kept): void {
    this.#waiting = kept;
    this.#saving ??= this.#saveWaiting().finally(() => {
      this.#saving = undefined;
    });
  }

  /** When everything given to `saveSoon` has been written. Never fails: what did is told as a problem. */
  async flush(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
  }

  /** Those that were ever chosen. */
  loadSettings(): Partial<Settings> {
    return this.#settings.load();
  }

  loadKeys(): OwnKeys {
    return this.#settings.loadKeys();
  }

  /** Best only those that the person changed: another client may have changed others. */
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
   * A client that is killed while it saves leaves what it wrote beside its file; the file itself is whole.
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

  /** Undefined when it is gone. */
  #isInUse(path: string): boolean | undefined {
    const stat = statSync(path, { throwIfNoEntry: false });
    // A rename counts too: whoever has just claimed a file is at work on it.
    return stat === undefined ? undefined : isInUse(basename(path), stat.ctimeMs, this.#surroundings);
  }

  /** Under a name of this process nobody else takes it. Undefined when another client was faster. */
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
        // One in use is its owner's business, and is written anew with the next key.
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

  /** Told once, until it works again: it would come with every word otherwise. */
  #failed(error: unknown): void {
    this.#saved = undefined;
    if (!this.#failing) this.#onProblem(`drafts are not saved: ${reasonOf(error)}`);
    this.#failing = true;
  }
}
