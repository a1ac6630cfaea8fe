/**
 * The limit for a router: grpc-js with the members' streams open, and nothing else.
 *
 * It answers a ping, and a question, with constant bytes. When a stream ends, it writes a record to a file,
 * with one synced write for all streams that end together, and sends bytes of usual length to the other
 * members of the cluster. It decides nothing.
 */
import { routingWire } from '@dualping/protocol';
import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import { servePart } from '../part-process.js';
import { PATHS, type RawHandler, serveRaw } from '../raw-calls.js';
import { GroupLog } from './group-log.js';

type Member = ServerDuplexStream<Buffer, Buffer>;

export interface BareRouterOptions {
  readonly file: string;
  /** Encoded messages of our router: a welcome, a pong, a changed assignment and an answer to a question. */
  readonly welcome: Uint8Array;
  readonly pong: Uint8Array;
  readonly assigned: Uint8Array;
  readonly available: Uint8Array;
}

const methods = {
  async start(options: BareRouterOptions): Promise<string> {
    const [welcome, pong, assigned, available] = [
      options.welcome,
      options.pong,
      options.assigned,
      options.available,
    ].map((bytes) => Buffer.from(bytes));
    const log = await GroupLog.create(options.file);
    const clusters = new Map<number, Set<Member>>();
    const attach = (member: Member, request: Buffer): void => {
      const { message } = routingWire.DualPingRequest.decode(request);
      const cluster = message?.$case === 'attach' ? message.value.cluster : 0;
      const others = clusters.get(cluster) ?? new Set();
      clusters.set(cluster, others.add(member));
      member.once('cancelled', () => {
        others.delete(member);
        log.append(assigned ?? Buffer.alloc(0), () => {
          for (const other of others) other.write(assigned ?? Buffer.alloc(0));
        });
      });
      member.write(welcome ?? Buffer.alloc(0));
      member.on('data', () => member.write(pong ?? Buffer.alloc(0)));
    };
    const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, available);
    const handlers: readonly RawHandler[] = [
      {
        path: PATHS.dualPing,
        streams: true,
        handle: (member: Member) => member.once('data', (request: Buffer) => attach(member, request)),
      },
      { path: PATHS.getAvailable, streams: false, handle: answer },
    ];
    // Without TLS, as ours: with it each member would need a connection of its own.
    return await serveRaw(handlers, undefined);
  },
} as const;

export type BareRouterServer = typeof methods;
servePart(methods);
