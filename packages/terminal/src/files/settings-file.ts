/**
 * The person's settings, in a file that may also be written by hand: mistakes in it are reported, and the
 * rest counts.
 */
import { readFileSync, realpathSync, renameSync } from 'node:fs';
import type { OwnKeys } from '../state/own-keys.js';
import type { Settings } from '../state/state.js';
import { replaceNow } from './owner-only-file.js';

const VERSION = 1;

const ALLOWED: { readonly [Name in keyof Settings]: readonly Settings[Name][] } = {
  theme: ['dark', 'light', 'plain'],
  mouse: [true, false],
  times: ['relative', 'absolute'],
  bell: [true, false],
};

type Content = { readonly [name: string]: unknown };

export class SettingsFile {
  /** A file of a later version is read as far as possible, and never written. */
  #isNewer = false;

  constructor(
    readonly path: string,
    readonly onProblem: (text: string) => void,
  ) {}

  load(): Partial<Settings> {
    const content = this.#read();
    const settings: Partial<Record<keyof Settings, unknown>> = {};
    for (const [name, allowed] of Object.entries(ALLOWED) as [keyof Settings, readonly unknown[]][]) {
      const value = content[name];
      if (value === undefined) continue;
      if (allowed.includes(value)) settings[name] = value;
      else
        this.onProblem(
          `${this.path}: ${name} is ${JSON.stringify(value)}, but must be ${allowed.map((it) => JSON.stringify(it)).join(' or ')}`,
        );
    }
    return settings as Partial<Settings>;
  }

  /** The person's own keys: one key, or a list, for each action. */
  loadKeys(): OwnKeys {
    const { keys } = this.#read();
    if (keys === undefined) return new Map();
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
      this.onProblem(`${this.path}: keys is ${JSON.stringify(keys)}, but must be keys by action`);
      return new Map();
    }
    const own = new Map<string, readonly string[]>();
    for (const [action, value] of Object.entries(keys)) {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (list.every((key) => typeof key === 'string')) own.set(action, list);
      else
        this.onProblem(`${this.path}: the keys of ${action} are ${JSON.stringify(value)}, but must be texts`);
    }
    return own;
  }

  /** Changes these settings in the file; other settings, by another client or by hand, stay. */
  save(settings: Partial<Settings>): void {
    const content = this.#read();
    if (this.#isNewer) return;
    try {
      replaceNow(
        // A settings file is often a symbolic link into another folder: the link must stay.
        realPath(this.path),
        `${JSON.stringify({ ...content, version: VERSION, ...settings }, undefined, 2)}\n`,
      );
    } catch (error) {
      this.onProblem(`settings are not kept: ${reasonOf(error)}`);
    }
  }

  #read(): Content {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.onProblem(`settings cannot be read: ${reasonOf(error)}`);
      return {};
    }
    const content = parsed(text);
    if (content === undefined) {
      this.onProblem(setAside(this.path, 'it holds no JSON object'));
      return {};
    }
    const { version } = content;
    if (typeof version === 'number' && version > VERSION && !this.#isNewer) {
      this.#isNewer = true;
      this.onProblem(`${this.path} is of a later version (${version}): what is changed now is not kept`);
    }
    return content;
  }
}

function parsed(text: string): Content | undefined {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null && !Array.isArray(content)
      ? (content as Content)
      : undefined;
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Renames a bad file, so that the person can look at it. @returns a message about it */
export function setAside(path: string, why: string): string {
  const aside = `${path}.damaged`;
  try {
    renameSync(path, aside);
    return `${path} cannot be used (${why}): it was moved to ${aside}`;
  } catch (error) {
    return `${path} cannot be used (${why}), nor moved away: ${reasonOf(error)}`;
  }
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
