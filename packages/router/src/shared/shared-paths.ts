/**
 * The paths of csce438 programs in the shared store. Only the leader makes paths, so in its term it needs to
 * read them only once.
 */
import { DualpingError, PATHS_PREFIX, type StoredKey } from '@dualping/core';
import type { PathAndData } from '@dualping/protocol';
import type { FencedStore } from '@dualping/runtime';
import { MAX_PATHS, type Paths } from '../store/paths.js';

export class SharedPaths implements Paths {
  readonly #store: FencedStore;
  #known: Promise<Set<string>> | undefined;
  /** One write at a time, in the order of the calls. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(store: FencedStore) {
    this.#store = store;
  }

  async create({ path, data }: PathAndData): Promise<boolean> {
    const turn = this.#lastWrite.then(() => this.#create(path, data));
    this.#lastWrite = turn.catch(() => {}); // its caller gets the error
    return await turn;
  }

  /** Answers from memory, after a read that found this router leading. */
  async exists(path: string): Promise<boolean> {
    const known = await this.#read();
    await this.#asPromise((done, ended) => this.#store.confirm(() => done(undefined), ended));
    return known.has(path);
  }

  async #create(path: string, data: string): Promise<boolean> {
    const known = await this.#read();
    if (known.has(path)) return false;
    if (known.size >= MAX_PATHS)
      throw new DualpingError('limit-reached', `${MAX_PATHS} paths are kept already`);
    const entry = { key: `${PATHS_PREFIX}${path}`, value: data };
    await this.#asPromise((done, ended) => this.#store.write([entry], () => done(undefined), ended));
    known.add(path);
    return true;
  }

  #read(): Promise<Set<string>> {
    this.#known ??= this.#asPromise<readonly StoredKey[]>((done, ended) =>
      this.#store.list(PATHS_PREFIX, done, ended),
    ).then((found) => new Set(found.map(({ key }) => key.slice(PATHS_PREFIX.length))));
    return this.#known;
  }

  async #asPromise<T>(begin: (done: (value: T) => void, ended: () => void) => void): Promise<T> {
    return await new Promise((resolve, reject) => {
      const ended = (): void => reject(new DualpingError('may-have-happened', 'another router leads now'));
      begin(resolve, ended);
    });
  }
}
