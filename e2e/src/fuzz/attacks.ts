/** Attacks as plain values, so that one that finds something can be printed and made again. */
import { constants } from 'node:http2';
import fc from 'fast-check';
import { type CalledMethod, changedBy, changes } from './messages.js';

/** Who attacks: over plain TCP, or over TLS with a certificate or without one. */
export type Visitor = 'tcp' | 'user' | 'part';

/** Bytes as they come, in these pieces. */
export interface Bytes {
  readonly kind: 'bytes';
  readonly by: Visitor;
  readonly pieces: readonly Uint8Array[];
}

export interface Call {
  readonly path: string;
  /** In order, each in a frame of gRPC. */
  readonly messages: readonly Uint8Array[];
  /** What the last frame says of its length beyond the truth, bytes. */
  readonly lie: number;
  /** Whether it ends, or stays open; it may also be reset. */
  readonly ending: 'end' | 'stay' | 'reset';
}

/** Calls that are begun at once on one connection. */
export interface Calls {
  readonly kind: 'calls';
  readonly by: Visitor;
  readonly calls: readonly Call[];
}

export type Attack = Bytes | Calls;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** Types of frames that HTTP/2 has, and some more. */
const MAX_FRAME_TYPE = 12;

const noise = fc.uint8Array({ maxLength: 300 });

function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
  length: number,
): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length & 0xffffff, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** A frame of HTTP/2; sometimes its length is wrong. */
const frame = fc
  .record({
    type: fc.integer({ min: 0, max: MAX_FRAME_TYPE }),
    flags: fc.oneof(fc.constantFrom(0, 1, 4, 5), fc.integer({ min: 0, max: 255 })),
    stream: fc.oneof(fc.constantFrom(0, 1, 3, 5), fc.integer({ min: 0, max: 0xffffffff })),
    payload: noise,
    lie: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(70_000) }),
  })
  .map(({ type, flags, stream, payload, lie }) =>
    frameOf(type, flags, stream, payload, payload.length + lie),
  );

const http2 = fc
  .array(frame, { minLength: 1, maxLength: 12 })
  .map((frames) => [PREFACE, EMPTY_SETTINGS, ...frames]);

/** @param recordings what clients really sent: the begin of a handshake, a whole conversation */
export function bytesBy(by: Visitor, recordings: readonly Uint8Array[]): fc.Arbitrary<Bytes> {
  const recorded = fc
    .tuple(fc.constantFrom(...recordings), changes)
    .map(([recording, changed]) => [changedBy(recording, changed)]);
  const pieces = fc.oneof(fc.array(noise, { minLength: 1, maxLength: 4 }), http2, recorded);
  return pieces.map((all) => ({ kind: 'bytes', by, pieces: all }));
}

const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS', 'CONNECT', 'get', ''];
const PATHS = ['/metrics', '/healthz', '/primary?x=1', '*', '//', '/%', 'http://x/metrics'];
const HEADERS = [
  'Host: x',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Upgrade: h2c',
];

/** Requests of HTTP/1, in part with bytes changed. */
export const http1Bytes: fc.Arbitrary<Bytes> = fc
  .record({
    method: fc.constantFrom(...METHODS),
    path: fc.oneof(fc.constantFrom(...PATHS), fc.string({ unit: 'binary', maxLength: 40 })),
    headers: fc.array(fc.oneof(fc.constantFrom(...HEADERS), fc.string({ maxLength: 30 })), { maxLength: 4 }),
    body: noise,
    changed: fc.option(changes),
  })
  .map(({ method, path, headers, body, changed }) => {
    const head = Buffer.from([`${method} ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
    const request = Buffer.concat([head, body]);
    return { kind: 'bytes', by: 'tcp', pieces: [changed === null ? request : changedBy(request, changed)] };
  });

export function callsBy(by: Visitor, methods: readonly CalledMethod[]): fc.Arbitrary<Calls> {
  const call = fc.constantFrom(...methods).chain(({ path, message }) =>
    fc.record({
      path: fc.constant(path),
      messages: fc.array(message, { maxLength: 6 }),
      lie: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(100_000) }),
      ending: fc.constantFrom('end' as const, 'stay' as const, 'reset' as const),
    }),
  );
  return fc.array(call, { minLength: 1, maxLength: 8 }).map((calls) => ({ kind: 'calls', by, calls }));
}

/** The messages of a call, as they go over the stream. */
export function streamOf({ messages, lie }: Call): Buffer {
  return Buffer.concat(
    messages.flatMap((message, index) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(message.length + (index === messages.length - 1 ? lie : 0), 1);
      return [head, message];
    }),
  );
}

export const headersOf = (path: string) => ({
  [constants.HTTP2_HEADER_METHOD]: 'POST',
  [constants.HTTP2_HEADER_PATH]: path,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  [constants.HTTP2_HEADER_TE]: 'trailers',
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** For people: what was sent. */
export function attackText(attack: Attack): string {
  if (attack.kind === 'bytes') return `${attack.by} sends ${attack.pieces.map(hex).join(' | ')}`;
  const calls = attack.calls.map(({ path, messages, lie, ending }) => {
    const lied = lie === 0 ? '' : `, the last ${lie} bytes too short`;
    return `${path} [${messages.map(hex).join(' | ')}]${lied}, then ${ending}`;
  });
  return `${attack.by} calls\n  ${calls.join('\n  ')}`;
}
