/**
 * A process that does one kind of abuse to one address until it is killed, and reports how much it has done.
 */
import { randomBytes } from 'node:crypto';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { epoch, MAX_PAGE_POSTS, position } from '@dualping/core';
import {
  CHANNEL_OPTIONS,
  requestToWire,
  SocialServiceClient,
  timelineMessageToWire,
} from '@dualping/protocol';
import { credentials } from '@grpc/grpc-js';
import { ABUSES, type Abuse, CONNECTIONS, STREAMS } from './abuses.js';

const [kind = '', address = '', ...authors] = process.argv.slice(2);
const user = 'mallory';
const port = Number(address.slice(address.lastIndexOf(':') + 1));
/** Real abuse comes from other machines, so it must not take CPU time from the measured processes. */
setPriority(19);

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const FLOOD_AT_ONCE = 64;
const BIG = 5 * 1024 * 1024;
/** The text of the flood's posts: the longest allowed. */
const LONG_TEXT = 'x'.repeat(1_000);
const POST = '/dualping.v1.SocialService/Post';
const LIST = '/dualping.v1.SocialService/List';

let done = 0;
function did(more = 1): void {
  done += more;
  process.send?.(done);
}

function socketTo(first?: Buffer): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  if (first !== undefined) socket.write(first);
  return socket;
}

/** Resolves when the socket is closed, by either side. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

async function garbage(): Promise<void> {
  for (let i = 0; ; i += 1) {
    const start = i % 3 === 0 ? [] : i % 3 === 1 ? [PREFACE] : [PREFACE, EMPTY_SETTINGS];
    const socket = socketTo(Buffer.concat([...start, randomBytes(16_384)]));
    socket.end();
    // A client that breaks the rules of HTTP/2 after a valid beginning gets no answer and is closed by
    // keepalive: don't wait for that.
    await Promise.race([closed(socket), delay(100)]);
    did();
  }
}

/** Half of them send nothing at all, half stop in the middle of their first message. */
async function halfOpen(): Promise<void> {
  for (let i = 0; i < STREAMS; i += 1) {
    socketTo(i % 2 === 0 ? undefined : PREFACE.subarray(0, 10));
    did();
    if (i % 100 === 0) await delay(1);
  }
}

async function connections(): Promise<void> {
  for (let i = 0; i < CONNECTIONS; i += 1) {
    socketTo(Buffer.concat([PREFACE, EMPTY_SETTINGS]));
    did();
    if (i % 50 === 0) await delay(1);
  }
}

function session(): ClientHttp2Session {
  const made = connectHttp2(`http://${address}`);
  made.on('error', () => {});
  return made;
}

const headers = (path: string) => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
});

function framed(length: number, body: Buffer): Buffer {
  const frame = Buffer.alloc(5 + body.length);
  frame.writeUInt32BE(length, 1);
  body.copy(frame, 5);
  return frame;
}

/**
 * Complete messages that are too large, and beginnings of messages that announce the largest allowed size and
 * never end.
 */
async function oversize(): Promise<void> {
  const beginnings = session();
  const body = randomBytes(BIG);
  for (let i = 0; i < STREAMS; i += 1) {
    const stream = beginnings.request(headers(POST));
    stream.on('error', () => {});
    stream.resume();
    stream.write(framed(4 * 1024 * 1024 - 1, body.subarray(0, 256 * 1024)));
    if (i % 100 === 0) await delay(1);
  }
  for (;;) {
    const one = session();
    const stream = one.request(headers(POST));
    stream.on('error', () => {});
    stream.resume();
    stream.end(framed(BIG, body));
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
    one.destroy();
    did();
  }
}

function client(): SocialServiceClient {
  return new SocialServiceClient(address, credentials.createInsecure(), {
    ...CHANNEL_OPTIONS,
    'grpc.use_local_subchannel_pool': 1,
  });
}

const wirePost = (sessionId: string, requestNo: number, text: string) =>
  requestToWire({ sessionId, requestNo, epoch: epoch(0), command: { kind: 'post', user, text } });

async function login(own: SocialServiceClient, sessionId: string): Promise<void> {
  const command = { kind: 'register', user } as const;
  const wire = requestToWire({ sessionId, requestNo: 1, epoch: epoch(0), command });
  if (wire.call !== 'login') return;
  await new Promise<void>((resolve, reject) => {
    own.login(wire.request, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Posts as fast as it is answered, with as many posts at once as one session may have. */
async function flood(): Promise<void> {
  const own = client();
  const sessionId = `flood-${process.pid}`;
  await login(own, sessionId);
  let next = 1;
  await Promise.all(
    Array.from({ length: FLOOD_AT_ONCE }, async () => {
      for (;;) {
        next += 1;
        const wire = wirePost(sessionId, next, LONG_TEXT);
        if (wire.call !== 'post') return;
        await new Promise<void>((resolve) => own.post(wire.request, () => resolve()));
        did();
      }
    }),
  );
}

const openMessage = () =>
  timelineMessageToWire({
    ...({ kind: 'open', user, sessionId: 'abuse', epoch: epoch(0), resumeAfter: position(0) } as const),
    ...{ history: MAX_PAGE_POSTS, posts: true, signs: false, mentions: false },
  });

async function follow(own: SocialServiceClient, sessionId: string, requestNo: number, target: string) {
  const command = { kind: 'follow', user, target } as const;
  const wire = requestToWire({ sessionId, requestNo, epoch: epoch(0), command });
  if (wire.call !== 'follow') return;
  // Refused as a repeat if an earlier process has followed already.
  await new Promise<void>((resolve) => own.follow(wire.request, () => resolve()));
}

/**
 * Timelines of one user on one connection, each with the most past posts that may be asked for, all of the
 * longest size.
 */
async function streams(): Promise<void> {
  const own = client();
  const sessionId = `streams-${process.pid}`;
  await login(own, sessionId);
  for (let post = 0; post < MAX_PAGE_POSTS; post += 1) {
    const wire = wirePost(sessionId, post + 2, LONG_TEXT);
    if (wire.call !== 'post') return;
    await new Promise<void>((resolve) => own.post(wire.request, () => resolve()));
  }
  await openTimelines(own);
}

/** The same for a user who follows people that post all the time. */
async function crowd(): Promise<void> {
  const own = client();
  const sessionId = `crowd-${process.pid}`;
  await login(own, sessionId);
  for (const [index, author] of authors.entries()) await follow(own, sessionId, index + 2, author);
  await openTimelines(own);
}

async function openTimelines(own: SocialServiceClient): Promise<void> {
  for (let i = 0; i < STREAMS; i += 1) {
    const timeline = own.timeline();
    timeline.on('data', () => {});
    timeline.on('error', () => {});
    timeline.write(openMessage());
    did();
    if (i % 50 === 0) await delay(1);
  }
}

/**
 * Posts as fast as it can, asks for lists and its own timeline again and again, and never reads an answer.
 */
async function neverReads(): Promise<void> {
  const poster = client();
  const sessionId = `never-reads-${process.pid}`;
  await login(poster, sessionId);
  const silent = connectHttp2(`http://${address}`, { settings: { initialWindowSize: 0 } });
  silent.on('error', () => {});
  const own = client();
  for (let i = 0; i < 100; i += 1) {
    const timeline = own.timeline();
    timeline.on('data', () => {});
    timeline.on('error', () => {});
    timeline.pause();
    timeline.write(openMessage());
  }
  // A list request: field 1 is the user, field 2 the epoch (0 is left out).
  const name = Buffer.from(user);
  const list = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  for (let i = 0; ; i += 1) {
    if (i < STREAMS) {
      const stream = silent.request(headers(LIST));
      stream.on('error', () => {});
      stream.end(framed(list.length, list));
    }
    const wire = wirePost(sessionId, i + 2, LONG_TEXT);
    if (wire.call === 'post')
      await new Promise<void>((resolve) => poster.post(wire.request, () => resolve()));
    did();
  }
}

const RUN: Readonly<Record<Abuse, () => Promise<void>>> = {
  garbage,
  'half-open': halfOpen,
  connections,
  oversize,
  'never-reads': neverReads,
  flood,
  streams,
  crowd,
};

const abuse = ABUSES.find((name) => name === kind);
if (abuse === undefined) throw new Error(`no abuse "${kind}"`);
// After its work the process stays: the open connections are the abuse.
setInterval(() => process.send?.(done), 1_000);
await RUN[abuse]();
