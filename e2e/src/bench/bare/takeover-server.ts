/**
 * The servers of a bare takeover, three times the same program: one that is lost, one that watches it, one
 * that answers in its place.
 *
 * The lost one pings the watcher as our servers ping the router. The watcher informs its clients when that
 * stream ends, or after as much silence as our router waits. It decides, stores and checks nothing.
 */

import { DEFAULT_TIMING } from '@dualping/core';
import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import { clockMs } from '../clock.js';
import { servePart } from '../part-process.js';
import { PATHS, RawClient, type RawHandler, serveRaw } from '../raw-calls.js';
import type { Certs } from '../wire.js';

const SOMETHING = Buffer.alloc(16, 1);

let lostAt: number | undefined;
let onLost: () => void = () => {};
const readers = new Set<ServerDuplexStream<Buffer, Buffer>>();

function lost(): void {
  if (lostAt !== undefined) return;
  lostAt = clockMs();
  for (const reader of readers) reader.write(SOMETHING);
  onLost();
}

function watchOver(call: ServerDuplexStream<Buffer, Buffer>): void {
  let timer = setTimeout(lost, DEFAULT_TIMING.deadAfterMs);
  call.on('data', () => {
    clearTimeout(timer);
    timer = setTimeout(lost, DEFAULT_TIMING.deadAfterMs);
  });
  call.on('end', () => {
    clearTimeout(timer);
    lost();
  });
}

function read(call: ServerDuplexStream<Buffer, Buffer>): void {
  readers.add(call);
  call.on('data', () => call.write(SOMETHING));
  call.on('cancelled', () => readers.delete(call));
  call.on('end', () => call.end());
}

const answer: handleUnaryCall<Buffer, Buffer> = (_, callback) => callback(null, SOMETHING);

const methods = {
  async serve({ certs }: { readonly certs: Certs }): Promise<string> {
    const handlers: readonly RawHandler[] = [
      { path: PATHS.dualPing, streams: true, handle: watchOver },
      { path: PATHS.timeline, streams: true, handle: read },
      { path: PATHS.getAvailable, streams: false, handle: answer },
      { path: PATHS.post, streams: false, handle: answer },
    ];
    return await serveRaw(handlers, certs);
  },

  /** Begins to ping the watcher. */
  ping({ watcher, certs }: { readonly watcher: string; readonly certs: Certs }): void {
    const stream = new RawClient(watcher, certs).stream(PATHS.dualPing);
    stream.on('data', () => {});
    stream.on('error', () => {});
    stream.write(SOMETHING);
    setInterval(() => stream.write(SOMETHING), DEFAULT_TIMING.pingIntervalMs);
  },

  /** Resolves with the time when the watcher noticed the loss. */
  async whenLost(_: Record<string, never>): Promise<number> {
    if (lostAt === undefined)
      await new Promise<void>((resolve) => {
        onLost = resolve;
      });
    return lostAt ?? Number.NaN;
  },
} as const;

export type BareTakeoverServer = typeof methods;
servePart(methods);
