/**
 * The limit for fan-out: grpc-js that pushes an encoded post to all listeners, and nothing else.
 *
 * It answers every call at once, knows no users, and has no disk. With `batches` it sends the posts of a turn
 * of the event loop in one message, as ours does; without, each in a message of its own.
 */
import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import { servePart } from '../part-process.js';
import { PATHS, type RawHandler, serveRaw } from '../raw-calls.js';
import type { Certs } from '../wire.js';

/** A `WriteResponse` with a position and an epoch of usual size. */
const RESPONSE = Buffer.from([0x08, 0x80, 0x89, 0x7a, 0x10, 0x01]);

export interface BareFanoutOptions {
  /** A post as a fragment of a `TimelineResponse`. */
  readonly post: Uint8Array;
  readonly batches: boolean;
  readonly certs: Certs;
}

const methods = {
  async start({ post, batches, certs }: BareFanoutOptions): Promise<string> {
    const fragment = Buffer.from(post);
    const readers = new Set<ServerDuplexStream<Buffer, Buffer>>();
    let gathered = 0;
    const push = (bytes: Buffer): void => {
      for (const reader of readers) reader.write(bytes);
    };
    const pushGathered = (): void => {
      push(gathered === 1 ? fragment : Buffer.concat(Array.from({ length: gathered }, () => fragment)));
      gathered = 0;
    };
    const posted = (): void => {
      if (!batches) return push(fragment);
      gathered += 1;
      if (gathered === 1) setImmediate(pushGathered);
    };
    const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, RESPONSE);
    const handlers: readonly RawHandler[] = [
      { path: PATHS.login, streams: false, handle: answer },
      { path: PATHS.follow, streams: false, handle: answer },
      {
        path: PATHS.post,
        streams: false,
        handle: ((_, callback) => {
          posted();
          callback(null, RESPONSE);
        }) satisfies handleUnaryCall<Buffer, Buffer>,
      },
      {
        path: PATHS.timeline,
        streams: true,
        handle: (call: ServerDuplexStream<Buffer, Buffer>) => {
          // Answers only the first message: that shows that the stream is open.
          call.once('data', () => {
            call.write(Buffer.from([0x12, 0x00]));
            readers.add(call);
          });
          call.on('cancelled', () => readers.delete(call));
        },
      },
    ];
    return await serveRaw(handlers, certs);
  },
} as const;

export type BareFanoutServer = typeof methods;
servePart(methods);
