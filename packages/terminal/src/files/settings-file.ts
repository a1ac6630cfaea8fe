/**
 * What the person chose, in a file that may also be written by hand: what is wrong in it is told, and the
 * rest of it counts.
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
  /** A file of a later version is read as far as it is understood, and not written. */
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

  /** The person's own keys: one, or a list, by action. */
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

  /** Puts these over what is in the file; what another client or the person wrote beside them stays. */
  save(settings: Partial<Settings>): void {
    const content = this.#read();
    if (this.#isNewer) return;
    try {
      replaceNow(
        // A settings file is often a link into a folder that is kept somewhere else: the link stays.
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

/** Moves a file out of the way, where one can look at it. @returns what is to be said about it */
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
