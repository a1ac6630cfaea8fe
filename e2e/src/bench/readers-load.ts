/**
 * One program that reads the timelines of many users on one connection, and the author whom all of them
 * follow.
 *
 * Ours are sessions of the library. The bare ones are streams of grpc-js to the same server, whose messages
 * are counted and not decoded.
 */
import { DualpingSession } from '@dualping/client';
import { filter, firstValueFrom } from 'rxjs';
import { countedPosts } from './counted-posts.js';
import { eachOf } from './each-of.js';
import { EncodedSession, postText } from './encoded-requests.js';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';
import { type Certs, credentialsIn } from './wire.js';

/** Users that log in at the same time. */
const CONNECTING = 20;

export interface Readers {
  /** Of the router for ours, of the primary for the bare ones. */
  readonly address: string;
  readonly certs: Certs;
  readonly author: string;
  readonly readers: number;
}

export interface Bursts {
  readonly bursts: number;
  /** Posts of each. */
  readonly posts: number;
  readonly everyMs: number;
}

let delivered = 0;
let awaited = Number.POSITIVE_INFINITY;
let onAll: () => void = () => {};
let author: DualpingSession | undefined;

function count(posts: number): void {
  delivered += posts;
  if (delivered >= awaited) onAll();
}

function sessionOf(user: string, { address, certs }: Omit<Readers, 'author' | 'readers'>): DualpingSession {
  const credentials = credentialsIn(certs);
  return new DualpingSession({ routers: [address], user, timeline: { history: 0 }, credentials });
}

async function readOurs(user: string, where: Readers): Promise<void> {
  const session = sessionOf(user, where);
  session.posts$.subscribe(() => count(1));
  await session.follow(where.author);
  await firstValueFrom(session.state$.pipe(filter(({ kind }) => kind === 'live')));
}

async function readBare(client: RawClient, user: string, where: Readers): Promise<void> {
  const session = new EncodedSession(user, where.certs);
  const { metadata } = session;
  await client.ask(PATHS.login, session.login(), metadata);
  await client.ask(PATHS.follow, session.follow(where.author), metadata);
  const timeline = client.stream(PATHS.timeline, metadata);
  await new Promise((resolve) => {
    timeline.once('data', resolve);
    timeline.write(session.open(0));
  });
  timeline.on('data', (message: Buffer) => count(countedPosts(message)));
}

const usersOf = ({ readers, author }: Readers): string[] =>
  Array.from({ length: readers }, (_, index) => `${author}-reader-${index}`);

const methods = {
  async readOurs(where: Readers): Promise<void> {
    await eachOf(usersOf(where), CONNECTING, (user) => readOurs(user, where));
  },

  async readBare(where: Readers): Promise<void> {
    const client = new RawClient(where.address, where.certs);
    await eachOf(usersOf(where), CONNECTING, (user) => readBare(client, user, where));
  },

  /** Ends when this many more posts have been delivered, to all readers together. */
  async deliveries(deliveries: number): Promise<void> {
    awaited = delivered + deliveries;
    await new Promise<void>((resolve) => {
      onAll = resolve;
    });
    awaited = Number.POSITIVE_INFINITY;
  },

  /** Of the author, which is a process of its own. */
  async logIn({ author: user, ...where }: Omit<Readers, 'readers'>): Promise<void> {
    author = sessionOf(user, where);
    await author.post(postText(0));
  },

  /** At a fixed pace, so that both kinds of readers get the same messages. */
  async post({ bursts, posts, everyMs }: Bursts): Promise<void> {
    for (let burst = 0; burst < bursts; burst += 1) {
      const pause = new Promise((resolve) => setTimeout(resolve, everyMs));
      const texts = Array.from({ length: posts }, (_, index) => postText(burst * posts + index + 1));
      await Promise.all(texts.map((text) => author?.post(text)));
      await pause;
    }
  },
} as const;

export type ReadersLoad = typeof methods;
servePart(methods);
