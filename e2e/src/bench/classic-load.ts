/**
 * One author and followers on the classic wire, each with a connection of their own; counts what arrives.
 *
 * The wire has no acknowledgements: the next post goes out when one of those before it has arrived
 * everywhere.
 */
import { encodeReusing, snsWire } from '@dualping/protocol';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { servePart } from './part-process.js';
import { PATHS, RawClient } from './raw-calls.js';

const AUTHOR = '1';
/** A post of usual length. */
const TEXT =
  'somebody says something of about the usual length, so that messages have the size they often have\n';

const request = (username: string, ...args: string[]): Buffer =>
  encodeReusing(snsWire.Request, { username, arguments: args });
const message = (username: string, msg: string): Buffer =>
  encodeReusing(snsWire.Message, { username, msg, timestamp: new Date() });

export interface ClassicRun {
  /** Most posts that have not arrived everywhere. */
  readonly inFlight: number;
  readonly forMs: number;
}

export interface ClassicResult {
  readonly deliveries: number;
  readonly tookMs: number;
  /** From the post until the last follower has it; only with one post in flight. */
  readonly latenciesMs: Float64Array;
}

let author: ClientDuplexStream<Buffer, Buffer> | undefined;
let followers = 0;
let delivered = 0;
let onDelivery: () => void = () => {};

function enter(client: RawClient, user: string): ClientDuplexStream<Buffer, Buffer> {
  const timeline = client.stream(PATHS.classicTimeline);
  timeline.write(message(user, 'Timeline'));
  timeline.on('data', () => {
    delivered += 1;
    onDelivery();
  });
  return timeline;
}

/** Posts until each follower has received one: then all timelines are open. */
async function untilAllHear(): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    onDelivery = () => {
      if (delivered >= followers) resolve();
    };
  });
  // A timeline that opens later gets this post as a past one.
  author?.write(message(AUTHOR, TEXT));
  await heard;
}

const methods = {
  async connect(places: { readonly address: string; readonly followers: number }): Promise<void> {
    const client = new RawClient(places.address, undefined);
    followers = places.followers;
    await client.ask(PATHS.classicLogin, request(AUTHOR));
    for (let number = 2; number <= followers + 1; number += 1) {
      const follower = new RawClient(places.address, undefined);
      await follower.ask(PATHS.classicLogin, request(`${number}`));
      await follower.ask(PATHS.classicFollow, request(`${number}`, AUTHOR));
      enter(follower, `${number}`);
    }
    author = enter(client, AUTHOR);
    await untilAllHear();
  },

  run({ inFlight, forMs }: ClassicRun): Promise<ClassicResult> {
    const took: number[] = [];
    const beganAt = performance.now();
    let posted = 0;
    let postedAt = 0;
    delivered = 0;
    return new Promise((resolve) => {
      onDelivery = () => {
        const now = performance.now();
        const allHave = delivered === posted * followers;
        if (inFlight === 1 && posted > 0 && allHave) took.push(now - postedAt);
        if (now - beganAt >= forMs) {
          if (allHave)
            resolve({
              deliveries: delivered,
              tookMs: now - beganAt,
              latenciesMs: Float64Array.from(took),
            });
          return;
        }
        // Uses the average over all followers: the server serves all of them in the same turns.
        while (posted * followers - delivered <= (inFlight - 1) * followers) {
          posted += 1;
          postedAt = performance.now();
          author?.write(message(AUTHOR, TEXT));
        }
      };
      onDelivery();
    });
  },
} as const;

export type ClassicLoad = typeof methods;
servePart(methods);
