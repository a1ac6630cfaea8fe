/** A process of its own: clients that have logged in, opened their timeline, and do nothing. Says `ready` when all are on. */
import { epoch, position } from '@dualping/core';
import {
  CHANNEL_OPTIONS,
  requestToWire,
  SocialServiceClient,
  timelineMessageToWire,
} from '@dualping/protocol';
import { credentials } from '@grpc/grpc-js';

const [address = '', count = '0'] = process.argv.slice(2);
/** Connections that are being made at a time. */
const AT_A_TIME = 50;

function client(): SocialServiceClient {
  // A pool of its own: else all would share one connection.
  const options = { ...CHANNEL_OPTIONS, 'grpc.use_local_subchannel_pool': 1 };
  return new SocialServiceClient(address, credentials.createInsecure(), options);
}

async function enter(user: string): Promise<void> {
  const own = client();
  const sessionId = `idle-${user}`;
  const command = { kind: 'register', user } as const;
  const wire = requestToWire({ sessionId, requestNo: 1, epoch: epoch(0), command });
  if (wire.call !== 'login') throw new Error(`a login became a ${wire.call}`);
  await new Promise<void>((resolve, reject) => {
    own.login(wire.request, (error) => (error === null ? resolve() : reject(error)));
  });
  const timeline = own.timeline();
  const opened = new Promise<void>((resolve, reject) => {
    timeline.on('data', () => resolve());
    timeline.on('error', reject);
  });
  const nothing = { epoch: epoch(0), resumeAfter: position(0), history: 0, posts: true };
  timeline.write(timelineMessageToWire({ kind: 'open', user, sessionId, ...nothing }));
  await opened;
}

let next = 0;
await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    while (next < Number(count)) {
      next += 1;
      await enter(`idle${next}`);
    }
  }),
);
process.send?.('ready');
