/** People on one connection, each with one post in flight; each posts again as soon as it is answered. */
import { EncodedSession } from './encoded-requests.js';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';
import type { Certs } from './wire.js';

export interface PostRun {
  /** Number of people, each with one post in flight. */
  readonly inFlight: number;
  readonly forMs: number;
}

export interface PostRunResult {
  readonly posts: number;
  readonly tookMs: number;
  /** Time from each call to its answer. */
  readonly latenciesMs: Float64Array;
}

class Author {
  readonly #session: EncodedSession;

  constructor(
    readonly client: RawClient,
    user: string,
    certs: Certs,
  ) {
    this.#session = new EncodedSession(user, certs);
  }

  async login(): Promise<void> {
    await this.client.ask(PATHS.login, this.#session.login(), this.#session.metadata);
  }

  /** Sends one post after another until `endsAt`. */
  post(endsAt: number, took: number[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (): void => {
        const beganAt = performance.now();
        if (beganAt >= endsAt) return resolve();
        this.client.call(PATHS.post, this.#session.post(), this.#session.metadata, (error) => {
          if (error !== null) return reject(error);
          took.push(performance.now() - beganAt);
          next();
        });
      };
      next();
    });
  }
}

let authors: readonly Author[] = [];

const methods = {
  async connect({
    address,
    people,
    certs,
  }: {
    readonly address: string;
    readonly people: number;
    readonly certs: Certs;
  }): Promise<void> {
    const client = new RawClient(address, certs);
    authors = Array.from({ length: people }, (_, index) => new Author(client, `author-${index}`, certs));
    for (const author of authors) await author.login();
  },

  async run({ inFlight, forMs }: PostRun): Promise<PostRunResult> {
    const took: number[] = [];
    const beganAt = performance.now();
    await Promise.all(authors.slice(0, inFlight).map((author) => author.post(beganAt + forMs, took)));
    return {
      posts: took.length,
      tookMs: performance.now() - beganAt,
      latenciesMs: Float64Array.from(took),
    };
  },
} as const;

export type PostLoad = typeof methods;
servePart(methods);
