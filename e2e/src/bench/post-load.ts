/** Posts as fast as it is answered: people on one connection, each with one post on the way. */
import { randomUUID } from 'node:crypto';
import { encodeReusing, socialWire } from '@dualping/protocol';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';

/** About as long as posts are: with its header some 200 bytes. */
const TEXT =
  'somebody says something of about the usual length, with a number after it so that no two are the same: ';

export interface PostRun {
  /** People who post at a time. */
  readonly inFlight: number;
  readonly forMs: number;
}

export interface PostRunResult {
  readonly posts: number;
  readonly tookMs: number;
  /** From asking to the answer, of each post. */
  readonly latenciesMs: Float64Array;
}

class Author {
  readonly #sessionId = randomUUID();
  #requestNo = 1;

  constructor(
    readonly client: RawClient,
    readonly user: string,
  ) {}

  async login(): Promise<void> {
    const request = encodeReusing(socialWire.LoginRequest, { header: this.#header() });
    await this.client.ask(PATHS.login, request);
  }

  /** One post after another until `endsAt`. */
  post(endsAt: number, took: number[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (): void => {
        const beganAt = performance.now();
        if (beganAt >= endsAt) return resolve();
        this.#requestNo += 1;
        const post = { header: this.#header(), text: `${TEXT}${this.#requestNo}` };
        this.client.call(PATHS.post, encodeReusing(socialWire.PostRequest, post), (error) => {
          if (error !== null) return reject(error);
          took.push(performance.now() - beganAt);
          next();
        });
      };
      next();
    });
  }

  #header(): socialWire.RequestHeader {
    return { sessionId: this.#sessionId, requestNo: this.#requestNo, user: this.user, epoch: 0 };
  }
}

let authors: readonly Author[] = [];

const methods = {
  async connect({ address, people }: { readonly address: string; readonly people: number }): Promise<void> {
    const client = new RawClient(address);
    authors = Array.from({ length: people }, (_, index) => new Author(client, `author-${index}`));
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
