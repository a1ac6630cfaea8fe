/**
 * The limit for the classic wire: a csce438 server with nothing in it. Every message on a timeline goes to
 * all others that have one open, as the bytes that it came as; no disk, no users, nothing decoded.
 */
import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import { servePart } from '../part-process.js';
import { PATHS, serveRaw } from '../raw-calls.js';

export interface BareClassicOptions {
  /** The `Reply` to everything. */
  readonly reply: Uint8Array;
}

const methods = {
  async start({ reply }: BareClassicOptions): Promise<string> {
    const response = Buffer.from(reply);
    const timelines = new Set<ServerDuplexStream<Buffer, Buffer>>();
    const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, response);
    return await serveRaw([
      { path: PATHS.classicLogin, streams: false, handle: answer },
      { path: PATHS.classicFollow, streams: false, handle: answer },
      {
        path: PATHS.classicTimeline,
        streams: true,
        handle: (call: ServerDuplexStream<Buffer, Buffer>) => {
          call.once('data', () => {
            timelines.add(call);
            call.on('data', (message: Buffer) => {
              for (const timeline of timelines) if (timeline !== call) timeline.write(message);
            });
          });
          call.on('cancelled', () => timelines.delete(call));
        },
      },
    ]);
  },
} as const;

export type BareClassicServer = typeof methods;
servePart(methods);
