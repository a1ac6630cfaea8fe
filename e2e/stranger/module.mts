// A service and a client of it in strict TypeScript, as ES module:  node built/module.mjs ROUTER SERVER-ID
import { DualpingMember, type MemberState, RouterClient, registerDualpingResolver } from '@dualping/client';
import * as grpc from '@grpc/grpc-js';
import { filter, firstValueFrom } from 'rxjs';

const [router = '', id = ''] = process.argv.slice(2);

const greeter: grpc.ServiceDefinition = {
  greet: {
    path: '/example.Greeter/Greet',
    requestStream: false,
    responseStream: false,
    requestSerialize: (text: string) => Buffer.from(text),
    requestDeserialize: String,
    responseSerialize: (text: string) => Buffer.from(text),
    responseDeserialize: String,
  },
};

const server = new grpc.Server();
server.addService(greeter, {
  greet: (call: grpc.ServerUnaryCall<string, string>, answer: grpc.sendUnaryData<string>) =>
    answer(null, `hello ${call.request} from s${id}`),
});
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
    error === null ? resolve(bound) : reject(error),
  );
});

const member = new DualpingMember({ routers: [router], serverId: Number(id), address: `127.0.0.1:${port}` });
const state: MemberState = await firstValueFrom(
  member.state$.pipe(filter((it) => it.kind === 'failed' || (it.kind === 'attached' && it.isPrimary))),
);
console.log(state.kind);

registerDualpingResolver({ grpc, routers: [router] });
const client = new grpc.Client('dualping:///1', grpc.credentials.createInsecure());
const answer = await new Promise<string | undefined>((resolve, reject) => {
  client.makeUnaryRequest(
    '/example.Greeter/Greet',
    (text: string) => Buffer.from(text),
    String,
    'mira',
    { deadline: Date.now() + 10_000 },
    (error, text) => (error === null ? resolve(text) : reject(error)),
  );
});
console.log(answer);

const routers = new RouterClient({ routers: [router] });
const { primary } = await routers.available({ cluster: 1 });
console.log(`primary s${primary?.serverId}`);
routers.close();
client.close();
await member.leave();
server.forceShutdown();
