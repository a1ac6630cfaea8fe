/**
 * The limits for old posts: grpc-js that sends bytes from memory; reading a journal's files; copying them to
 * another disk.
 */
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import { servePart } from '../part-process.js';
import { PATHS, RawClient, type RawHandler, serveRaw } from '../raw-calls.js';
import type { Certs } from '../wire.js';

const CHUNK_BYTES = 64 * 1024;

const journalFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /journal-\d+$/.test(name))
    .sort()
    .map((name) => join(folder, name));

let page = Buffer.alloc(0);

const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, Buffer.alloc(0));

const methods = {
  /** Serves timelines that begin with `opening`, and answers every question with a page. */
  async serve({ opening, certs }: { readonly opening: Uint8Array; readonly certs: Certs }): Promise<string> {
    const beginning = Buffer.from(opening);
    const handlers: readonly RawHandler[] = [
      { path: PATHS.login, streams: false, handle: answer },
      {
        path: PATHS.timeline,
        streams: true,
        handle: (call: ServerDuplexStream<Buffer, Buffer>) => {
          let begun = false;
          call.on('data', () => {
            call.write(begun ? page : beginning);
            begun = true;
          });
          call.on('end', () => call.end());
        },
      },
    ];
    return await serveRaw(handlers, certs);
  },

  setPage({ bytes }: { readonly bytes: Uint8Array }): void {
    page = Buffer.from(bytes);
  },

  /** Reads every byte of a journal and computes its checksum. @returns the number of bytes */
  scan({ folder }: { readonly folder: string }): number {
    let bytes = 0;
    let checksum = 0;
    for (const file of journalFiles(folder)) {
      const content = readFileSync(file);
      bytes += content.length;
      checksum = crc32(content, checksum);
    }
    return checksum >= 0 ? bytes : 0;
  },

  /** Sends a journal's files to a bare copy; resolves with the time until everything is on disk there. */
  async copy({
    folder,
    to,
    certs,
  }: {
    readonly folder: string;
    readonly to: string;
    readonly certs: Certs;
  }): Promise<{ readonly bytes: number; readonly tookMs: number }> {
    const client = new RawClient(to, certs);
    const stream = client.stream(PATHS.copy);
    const files = journalFiles(folder);
    let acknowledged = 0;
    let sent = 0;
    let onAcknowledged: () => void = () => {};
    stream.on('data', () => {
      acknowledged += 1;
      onAcknowledged();
    });
    const beganAt = performance.now();
    for (const file of files)
      for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
        sent += 1;
        if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
      }
    while (acknowledged < sent)
      await new Promise<void>((resolve) => {
        onAcknowledged = resolve;
      });
    const tookMs = performance.now() - beganAt;
    // The receiver may be gone now.
    stream.on('error', () => {});
    stream.cancel();
    client.close();
    return { bytes: files.reduce((sum, file) => sum + statSync(file).size, 0), tookMs };
  },
} as const;

export type BareHistoryServer = typeof methods;
servePart(methods);
