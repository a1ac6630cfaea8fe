import { DualpingMember } from '@dualping/client';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { Tickets } from './tickets.js';

const [router = '127.0.0.1:7070', id = '1'] = process.argv.slice(2);

const server = new Server();
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
});
const member = new DualpingMember({
  routers: [router],
  service: 'tickets',
  serverId: Number(id),
  address: `127.0.0.1:${port}`,
});

let epoch = 0;
let number = 0;
member.state$.subscribe((state) => {
  if (state.kind !== 'attached') return console.log(`s${id} ${state.kind}`);
  if (state.epoch !== epoch) number = 0; // another reign, with numbers of its own
  epoch = state.epoch;
  console.log(`s${id} ${state.isPrimary ? 'is primary' : 'waits'} in epoch ${epoch}`);
});

member.serve(server, Tickets, {
  next: (_call: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) => {
    number += 1;
    answer(null, `${epoch}-${number}`);
  },
});

process.once('SIGTERM', async () => {
  await member.leave(); // the next member is primary now
  server.tryShutdown(() => {}); // what has begun here is answered
});
