/**
 * The limit for the classic wire: a minimal csce438 server. Every message on a timeline goes, as unchanged
 * bytes, to all other open timelines; there is no disk, there are no users, and nothing is decoded.
 */
import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import { servePart } from '../part-process.js';
import { PATHS, type RawHandler, serveRaw } from '../raw-calls.js';

export interface BareClassicOptions {
  /** The `Reply` to every call. */
  readonly reply: Uint8Array;
}

const methods = {
  async start({ reply }: BareClassicOptions): Promise<string> {
    const response = Buffer.from(reply);
    const timelines = new Set<ServerDuplexStream<Buffer, Buffer>>();
    const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, response);
    const handlers: readonly RawHandler[] = [
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
    ];
    // This wire has no TLS.
    return await serveRaw(handlers, undefined);
  },
} as const;

export type BareClassicServer = typeof methods;
servePart(methods);
