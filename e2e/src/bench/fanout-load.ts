/**
 * One author and followers, each with a connection of their own; counts what arrives.
 *
 * The next post goes out when one of those before it has arrived everywhere, so that throughput is measured,
 * and no queue grows.
 */

import { countedPosts } from './counted-posts.js';
import { eachOf } from './each-of.js';
import { EncodedSession } from './encoded-requests.js';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';
import type { Certs } from './wire.js';

const AUTHOR = 'author';
/** Connections that are opened at the same time. */
const CONNECTING = 50;

export interface FanoutRun {
  /** Most posts that have not arrived everywhere. */
  readonly inFlight: number;
  readonly forMs: number;
}

export interface FanoutResult {
  readonly deliveries: number;
  readonly tookMs: number;
  /** From the call until the last follower has the post; only with one post in flight. */
  readonly latenciesMs: Float64Array;
}

/** Sessions of the author: each has one post in flight. */
let sessions: { readonly session: EncodedSession; free: boolean }[] = [];
let author: RawClient | undefined;
let followers = 0;
let delivered = 0;
let onDelivery: () => void = () => {};

async function follow(address: string, index: number, certs: Certs): Promise<void> {
  const client = new RawClient(address, certs);
  const session = new EncodedSession(`follower-${index}`, certs);
  const { metadata } = session;
  await client.ask(PATHS.login, session.login(), metadata);
  await client.ask(PATHS.follow, session.follow(AUTHOR), metadata);
  const timeline = client.stream(PATHS.timeline, metadata);
  await new Promise((resolve) => {
    timeline.once('data', resolve);
    timeline.write(session.open(0));
  });
  timeline.on('data', (message: Buffer) => {
    delivered += countedPosts(message);
    onDelivery();
  });
}

const methods = {
  async connect(places: {
    readonly address: string;
    readonly followers: number;
    readonly sessions: number;
    readonly certs: Certs;
  }): Promise<void> {
    const { certs } = places;
    author = new RawClient(places.address, certs);
    followers = places.followers;
    sessions = Array.from({ length: places.sessions }, () => ({
      session: new EncodedSession(AUTHOR, certs),
      free: true,
    }));
    for (const { session } of sessions) await author.ask(PATHS.login, session.login(), session.metadata);
    const indices = Array.from({ length: followers }, (_, index) => index);
    await eachOf(indices, CONNECTING, (index) => follow(places.address, index, certs));
  },

  run({ inFlight, forMs }: FanoutRun): Promise<FanoutResult> {
    const took: number[] = [];
    const beganAt = performance.now();
    let posted = 0;
    let postedAt = 0;
    delivered = 0;
    return new Promise((resolve, reject) => {
      const pump = (): void => {
        const now = performance.now();
        if (inFlight === 1 && posted > 0 && delivered === posted * followers) took.push(now - postedAt);
        if (now - beganAt >= forMs) {
          if (delivered < posted * followers || sessions.some(({ free }) => !free)) return;
          return resolve({
            deliveries: delivered,
            tookMs: now - beganAt,
            latenciesMs: Float64Array.from(took),
          });
        }
        // Uses the average over all followers: the server serves all of them in the same turns.
        while (posted * followers - delivered <= (inFlight - 1) * followers) {
          const slot = sessions.find(({ free }) => free);
          if (slot === undefined || author === undefined) return;
          slot.free = false;
          posted += 1;
          postedAt = performance.now();
          author.call(PATHS.post, slot.session.post(), slot.session.metadata, (error) => {
            slot.free = true;
            if (error !== null) reject(error);
            else onAnswer();
          });
        }
      };
      const onAnswer = (): void => {
        if (inFlight > 1 || performance.now() - beganAt >= forMs) pump();
      };
      onDelivery = () => {
        if (delivered >= posted * followers || inFlight > 1) pump();
      };
      pump();
    });
  },
} as const;

export type FanoutLoad = typeof methods;
servePart(methods);
