/**
 * What lasts from one run of a client to the next: drafts, posts that nobody acknowledged, what was read, what was sent; and settings.
 *
 * Several clients of one user may run at once. Each writes only what it has itself changed, over what the file says then: so
 * none of them takes another's draft away.
 */
import { createHash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Kept } from '../state/initial.js';
import type { Settings, TimelineId } from '../state/state.js';
import type { Folders } from './folders.js';
import { readJson, writeJson } from './json-file.js';

/** A file of a later version is left alone and nothing is kept: better than to lose what it says. */
const VERSION = 1;
/** Networks for which it is remembered what was read; the one not used for longest is forgotten. */
const MOST_NETWORKS = 50;
/** Timelines with a place or a draft of their own. */
const MOST_TIMELINES = 200;
const MOST_SENT_TEXTS = 100;

/** Posts that a run of the client had not had acknowledged; it is that run's as long as its process lives. */
interface Unsent {
  readonly pid: number;
  readonly texts: readonly string[];
}

interface Contents {
  readonly version: typeof VERSION;
  readonly drafts: Readonly<Record<string, string>>;
  readonly unsent: readonly Unsent[];
  readonly sentTexts: readonly string[];
  /** By network, least recently used first. */
  readonly readUpTo: readonly {
    readonly network: string;
    readonly timelines: Readonly<Record<string, number>>;
  }[];
}

const EMPTY: Contents = { version: VERSION, drafts: {}, unsent: [], sentTexts: [], readUpTo: [] };

export interface ClientFileOptions {
  readonly folders: Folders;
  readonly user: string;
  /** Whatever names the network: what was read in one says nothing about another. */
  readonly network: string;
  /** What goes wrong with the files, for the person. The client goes on without them. */
  readonly onProblem: (text: string) => void;
  /** Whether a process lives; other than the real answer only in tests. */
  readonly isAlive?: (pid: number) => boolean;
}

export class ClientFile {
  readonly #path: string;
  readonly #settingsPath: string;
  readonly #network: string;
  readonly #onProblem: (text: string) => void;
  readonly #isAlive: (pid: number) => boolean;
  #saved: Kept = { drafts: new Map(), unsent: [], readUpTo: new Map(), sentTexts: [] };
  #writable = true;

  constructor({ folders, user, network, onProblem, isAlive = isAliveNow }: ClientFileOptions) {
    this.#path = join(folders.state, 'clients', `${user}.json`);
    this.#settingsPath = join(folders.config, 'client.json');
    this.#network = createHash('sha256').update(network).digest('hex').slice(0, 16);
    this.#onProblem = onProblem;
    this.#isAlive = isAlive;
  }

  /** Takes over what runs that have ended left unsent. */
  load(): Kept {
    const contents = this.#contents();
    const places = contents.readUpTo.find(({ network }) => network === this.#network)?.timelines ?? {};
    const abandoned = contents.unsent.filter(({ pid }) => !this.#isAlive(pid));
    const kept: Kept = {
      drafts: new Map(Object.entries(contents.drafts)) as ReadonlyMap<TimelineId, string>,
      unsent: abandoned.flatMap(({ texts }) => texts),
      readUpTo: new Map(Object.entries(places)) as ReadonlyMap<TimelineId, number>,
      sentTexts: contents.sentTexts,
    };
    this.#saved = { ...kept, unsent: [] };
    if (abandoned.length > 0) {
      this.#write({
        ...contents,
        unsent: [
          ...contents.unsent.filter((it) => !abandoned.includes(it)),
          { pid: process.pid, texts: kept.unsent },
        ],
      });
      this.#saved = kept;
    }
    return kept;
  }

  /** Returns when it is on the disk, or a problem was told. */
  save(kept: Kept): void {
    if (isSame(kept, this.#saved)) return;
    const file = this.#contents();
    const drafts = { ...file.drafts };
    for (const timeline of new Set([...kept.drafts.keys(), ...this.#saved.drafts.keys()])) {
      const text = kept.drafts.get(timeline);
      if (text === this.#saved.drafts.get(timeline)) continue;
      if (text === undefined) delete drafts[timeline];
      else drafts[timeline] = text;
    }
    const sentBefore = new Set(this.#saved.sentTexts);
    const sentNow = kept.sentTexts.filter((text) => !sentBefore.has(text));
    const others = file.readUpTo.filter(({ network }) => network !== this.#network);
    const before = file.readUpTo.find(({ network }) => network === this.#network)?.timelines ?? {};
    const timelines = { ...before };
    for (const [timeline, position] of kept.readUpTo)
      if (position !== this.#saved.readUpTo.get(timeline)) timelines[timeline] = position;
    const unsent = file.unsent.filter(({ pid }) => pid !== process.pid && this.#isAlive(pid));
    const written = this.#write({
      version: VERSION,
      drafts: lastOf(drafts, MOST_TIMELINES),
      unsent: kept.unsent.length === 0 ? unsent : [...unsent, { pid: process.pid, texts: kept.unsent }],
      sentTexts: [...file.sentTexts.filter((text) => !sentNow.includes(text)), ...sentNow].slice(
        -MOST_SENT_TEXTS,
      ),
      readUpTo: [...others, { network: this.#network, timelines: lastOf(timelines, MOST_TIMELINES) }].slice(
        -MOST_NETWORKS,
      ),
    });
    if (written) this.#saved = kept;
  }

  /** What was chosen once; the rest is for the caller to say. */
  loadSettings(): Partial<Settings> {
    const value = this.#read(this.#settingsPath, (it) => (isRecord(it) ? it : undefined));
    if (value === undefined) return {};
    const { theme, mouse, times, bell } = value;
    return {
      ...(theme === 'dark' || theme === 'light' || theme === 'plain' ? { theme } : {}),
      ...(typeof mouse === 'boolean' ? { mouse } : {}),
      ...(times === 'relative' || times === 'absolute' ? { times } : {}),
      ...(typeof bell === 'boolean' ? { bell } : {}),
    };
  }

  saveSettings(settings: Settings): void {
    this.#attempt(this.#settingsPath, settings);
  }

  #contents(): Contents {
    return this.#read(this.#path, contentsFrom) ?? EMPTY;
  }

  /** What can't be made sense of is put aside, not overwritten. */
  #read<T>(path: string, from: (value: unknown) => T | undefined): T | undefined {
    try {
      const value = readJson(path);
      if (value === undefined) return undefined;
      const contents = from(value);
      if (contents !== undefined) return contents;
      if (isRecord(value) && typeof value.version === 'number' && value.version > VERSION) {
        if (this.#writable) this.#onProblem(`${path} is of a later version: nothing is kept in this run`);
        this.#writable = false;
        return undefined;
      }
      throw new SyntaxError('it has another form than expected');
    } catch (error) {
      this.#putAside(path, error);
      return undefined;
    }
  }

  #putAside(path: string, error: unknown): void {
    const { message } = error as Error;
    if (!(error instanceof SyntaxError)) {
      if (this.#writable) this.#onProblem(`${path} can't be read, drafts are not kept: ${message}`);
      this.#writable = false;
      return;
    }
    const aside = `${path}.damaged`;
    try {
      renameSync(path, aside);
      this.#onProblem(`${path} is damaged (${message}) and was put aside as ${aside}`);
    } catch {
      this.#onProblem(`${path} is damaged: ${message}`);
    }
  }

  #write(contents: Contents): boolean {
    return this.#writable && this.#attempt(this.#path, contents);
  }

  #attempt(path: string, value: unknown): boolean {
    try {
      writeJson(path, value);
      return true;
    } catch (error) {
      this.#onProblem(`${path} can't be written: ${(error as Error).message}`);
      return false;
    }
  }
}

function isAliveNow(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const isSameMap = <V>(one: ReadonlyMap<string, V>, other: ReadonlyMap<string, V>): boolean =>
  one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, at) => other[at] === text);

const isSame = (one: Kept, other: Kept): boolean =>
  isSameMap(one.drafts, other.drafts) &&
  isSameMap(one.readUpTo, other.readUpTo) &&
  isSameList(one.unsent, other.unsent) &&
  isSameList(one.sentTexts, other.sentTexts);

const lastOf = <V>(record: Readonly<Record<string, V>>, most: number): Record<string, V> =>
  Object.fromEntries(Object.entries(record).slice(-most));

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((it) => typeof it === 'string');

const isRecordOf = (value: unknown, type: 'string' | 'number'): boolean =>
  isRecord(value) && Object.values(value).every((it) => typeof it === type);

function contentsFrom(value: unknown): Contents | undefined {
  if (!isRecord(value) || value.version !== VERSION) return undefined;
  const { drafts, unsent, sentTexts, readUpTo } = value;
  const isWhole =
    isRecordOf(drafts, 'string') &&
    isTexts(sentTexts) &&
    Array.isArray(unsent) &&
    unsent.every((it) => isRecord(it) && typeof it.pid === 'number' && isTexts(it.texts)) &&
    Array.isArray(readUpTo) &&
    readUpTo.every(
      (it) => isRecord(it) && typeof it.network === 'string' && isRecordOf(it.timelines, 'number'),
    );
  return isWhole ? (value as unknown as Contents) : undefined;
}
