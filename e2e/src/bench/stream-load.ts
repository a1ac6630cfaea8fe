/**
 * One program posts with a window: a fixed number of posts is in flight, and the next goes out when one is
 * answered.
 *
 * Ours are posts of a session of the library. The bare ones go over one stream to a bare server; all posts of
 * a turn of the event loop are one message with one answer.
 */
import { DualpingSession } from '@dualping/client';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { EncodedSession, postText } from './encoded-requests.js';
import { servePart } from './part-process.js';
import type { PostRun, PostRunResult } from './post-load.js';
import { PATHS, RawClient } from './raw-calls.js';
import { type WriteOnce, windowed } from './windowed.js';
import { type Certs, credentialsIn } from './wire.js';

/** A name belongs to one key, and each process has its own. */
const AUTHOR = 'writer';

function ours(router: string, certs: Certs): WriteOnce {
  const credentials = credentialsIn(certs);
  const session = new DualpingSession({ routers: [router], user: AUTHOR, timeline: false, credentials });
  let count = 0;
  return (answered) => {
    count += 1;
    // A refused post ends the process, and with it the benchmark.
    void session.post(postText(count)).then(answered);
  };
}

/** Collects the posts of a turn in one message. */
class BareStream {
  readonly #requests;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  /** Callbacks of each message in flight. */
  readonly #unanswered: (readonly (() => void)[])[] = [];
  #posts: Buffer[] = [];
  #waiting: (() => void)[] = [];

  constructor(server: string, certs: Certs) {
    this.#requests = new EncodedSession(AUTHOR, certs);
    this.#stream = new RawClient(server, certs).stream(PATHS.timeline, this.#requests.metadata);
    this.#stream.on('data', () => {
      for (const answered of this.#unanswered.shift() ?? []) answered();
    });
  }

  post(answered: () => void): void {
    if (this.#posts.length === 0) setImmediate(() => this.#send());
    this.#posts.push(this.#requests.post());
    this.#waiting.push(answered);
  }

  #send(): void {
    this.#unanswered.push(this.#waiting);
    this.#stream.write(Buffer.concat(this.#posts));
    this.#posts = [];
    this.#waiting = [];
  }
}

let post: WriteOnce = () => {
  throw new Error('not connected');
};

const methods = {
  connectOurs({ router, certs }: { readonly router: string; readonly certs: Certs }): void {
    post = ours(router, certs);
  },

  connectBare({ server, certs }: { readonly server: string; readonly certs: Certs }): void {
    const stream = new BareStream(server, certs);
    post = (answered) => stream.post(answered);
  },

  /** Ends when all posts are answered. */
  run(run: PostRun): Promise<PostRunResult> {
    return windowed(post, run);
  },
} as const;

export type StreamLoad = typeof methods;
servePart(methods);
