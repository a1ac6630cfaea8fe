/** One author and followers, each with a connection of their own. */
import { countedPosts } from './counted-posts.js';
import { eachOf } from './each-of.js';
import { EncodedSession } from './encoded-requests.js';
import { Fanout, type FanoutResult, type FanoutRun } from './fanout-run.js';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';
import type { Certs } from './wire.js';

const AUTHOR = 'author';
/** Connections that are opened at the same time. */
const CONNECTING = 50;

let author: RawClient | undefined;
/** Sessions of the author without a post in flight: each has one at most. */
let free: EncodedSession[] = [];
let followers = 0;
const fanout = new Fanout();

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
  timeline.on('data', (message: Buffer) => fanout.arrived(countedPosts(message)));
}

function post(): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = free.pop();
    if (session === undefined || author === undefined) throw new Error('not connected');
    author.call(PATHS.post, session.post(), session.metadata, (error) => {
      free.push(session);
      if (error === null) resolve();
      else reject(error);
    });
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
    free = Array.from({ length: places.sessions }, () => new EncodedSession(AUTHOR, certs));
    for (const session of free) await author.ask(PATHS.login, session.login(), session.metadata);
    const indices = Array.from({ length: followers }, (_, index) => index);
    await eachOf(indices, CONNECTING, (index) => follow(places.address, index, certs));
  },

  async run(run: FanoutRun): Promise<FanoutResult> {
    return await fanout.run(run, followers, free.length, post);
  },
} as const;

export type FanoutLoad = typeof methods;
servePart(methods);
