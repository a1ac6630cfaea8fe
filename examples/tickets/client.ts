import { setTimeout as delay } from 'node:timers/promises';
import { registerDualpingResolver } from '@dualping/client';
import * as grpc from '@grpc/grpc-js';
import { decode, encode, NEXT } from './tickets.js';

const [router = '127.0.0.1:7070'] = process.argv.slice(2);
registerDualpingResolver({ grpc, routers: [router] });

/** For calls that may be done twice: a ticket that was lost on its way is a number that nobody has. */
const RETRY = {
  methodConfig: [
    {
      name: [{ service: 'example.Tickets' }],
      retryPolicy: {
        maxAttempts: 5,
        initialBackoff: '0.1s',
        maxBackoff: '2s',
        backoffMultiplier: 3,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};
const client = new grpc.Client('dualping:///service/tickets', grpc.credentials.createInsecure(), {
  'grpc.service_config': JSON.stringify(RETRY),
});

for (;;) {
  const metadata = new grpc.Metadata({ waitForReady: true }); // while nobody is available, wait
  const deadline = Date.now() + 10_000;
  client.makeUnaryRequest(NEXT, encode, decode, 'please', metadata, { deadline }, (error, ticket) =>
    console.log(error === null ? `ticket ${ticket}` : `failed: ${error.message}`),
  );
  await delay(100);
}
