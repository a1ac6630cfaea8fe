/** A client that opens a timeline and reads pages of old posts. */
import { countedPosts } from './counted-posts.js';
import { EncodedSession } from './encoded-requests.js';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';
import type { Certs } from './wire.js';

/** Pages are read from positions all over the journal: multiples of this, modulo its length. */
const STRIDE = 611_953;

let client: RawClient | undefined;
let session: EncodedSession | undefined;
let entries = 0;

function connected(): { readonly client: RawClient; readonly session: EncodedSession } {
  if (client === undefined || session === undefined) throw new Error('nobody is connected');
  return { client, session };
}

/**
 * Opens a timeline; resolves with its messages up to the one with the posts. The caller must end it in order:
 * HTTP/2 regards many cancelled streams as an attack.
 */
function opened(history: number): Promise<{
  readonly bytes: Buffer;
  readonly end: () => void;
  readonly stream: ReturnType<RawClient['stream']>;
}> {
  const { client: from, session: who } = connected();
  const stream = from.stream(PATHS.timeline, who.metadata);
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    const messages: Buffer[] = [];
    const take = (message: Buffer): void => {
      messages.push(message);
      if (history > 0 && countedPosts(message) === 0 && messages.length < 2) return;
      stream.off('data', take);
      // Posts first, so that `countedPosts` can count them.
      resolve({ bytes: Buffer.concat(messages.reverse()), end: () => stream.resume().end(), stream });
    };
    stream.on('data', take);
    stream.write(who.open(history));
  });
}

async function timed(forMs: number, act: (turn: number) => Promise<unknown>): Promise<Float64Array> {
  const took: number[] = [];
  const endsAt = performance.now() + forMs;
  for (let turn = 1; performance.now() < endsAt; turn += 1) {
    const beganAt = performance.now();
    await act(turn);
    took.push(performance.now() - beganAt);
  }
  return Float64Array.from(took);
}

const methods = {
  async connect(place: {
    readonly address: string;
    readonly user: string;
    readonly entries: number;
    readonly certs: Certs;
  }): Promise<void> {
    client = new RawClient(place.address, place.certs);
    session = new EncodedSession(place.user, place.certs);
    entries = place.entries;
    // The past was written without keys: the first login binds the reader's.
    await client.ask(PATHS.login, session.login(), session.metadata);
  },

  /** The bytes of a server's answers, for a bare server. */
  async sample({
    limit,
  }: {
    readonly limit: number;
  }): Promise<{ readonly opening: Uint8Array; readonly page: Uint8Array }> {
    const { bytes, stream, end } = await opened(20);
    const page = await new Promise<Buffer>((resolve) => {
      stream.once('data', resolve);
      stream.write(connected().session.older(Math.floor(entries / 2), limit));
    });
    end();
    return { opening: bytes, page };
  },

  /** Opens the timeline again and again for the last posts. @returns times in ms */
  async open({ forMs }: { readonly forMs: number }): Promise<Float64Array> {
    return await timed(forMs, async () => (await opened(20)).end());
  },

  async page({ limit, forMs }: { readonly limit: number; readonly forMs: number }): Promise<Float64Array> {
    const { stream, end } = await opened(0);
    const took = await timed(
      forMs,
      (turn) =>
        new Promise((resolve) => {
          stream.once('data', resolve);
          stream.write(connected().session.older(1 + ((turn * STRIDE) % entries), limit));
        }),
    );
    end();
    return took;
  },
} as const;

export type HistoryLoad = typeof methods;
servePart(methods);
