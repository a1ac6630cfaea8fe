/**
 * A process with clients that have logged in, opened their timeline, and do nothing. It reports how many are
 * connected.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { epoch, position } from '@dualping/core';
import {
  CHANNEL_OPTIONS,
  requestToWire,
  SocialServiceClient,
  timelineMessageToWire,
} from '@dualping/protocol';
import { credentials } from '@grpc/grpc-js';

const [address = '', count = '0'] = process.argv.slice(2);
/** Connections that are opened at the same time. */
const AT_A_TIME = 20;
/** Attempts of each client: like every client it asks a busy server again. */
const ATTEMPTS = 20;
const PAUSE_MS = 500;

function client(): SocialServiceClient {
  // A connection pool for each client: else all would share one connection.
  const options = { ...CHANNEL_OPTIONS, 'grpc.use_local_subchannel_pool': 1 };
  return new SocialServiceClient(address, credentials.createInsecure(), options);
}

/** Logs in and opens a timeline, of which it reads only the first message. */
async function enter(user: string): Promise<void> {
  const own = client();
  const sessionId = `idle-${user}`;
  const command = { kind: 'register', user } as const;
  const wire = requestToWire({ sessionId, requestNo: 1, epoch: epoch(0), command });
  if (wire.call !== 'login') throw new Error(`a login became a ${wire.call}`);
  await patiently(
    () =>
      new Promise<void>((resolve, reject) => {
        own.login(wire.request, (error) => (error === null ? resolve() : reject(error)));
      }),
  );
  await patiently(
    () =>
      new Promise<void>((resolve, reject) => {
        const timeline = own.timeline();
        timeline.on('data', () => resolve());
        timeline.on('error', reject);
        const nothing = {
          epoch: epoch(0),
          resumeAfter: position(0),
          history: 0,
          posts: true,
          signs: false,
          mentions: false,
        };
        timeline.write(timelineMessageToWire({ kind: 'open', user, sessionId, ...nothing }));
      }),
  );
}

async function patiently(act: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await delay(PAUSE_MS);
    }
  }
}

let next = 0;
let entered = 0;
await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    while (next < Number(count)) {
      next += 1;
      await enter(`idle${next}`);
      entered += 1;
      process.send?.(entered);
    }
  }),
);
