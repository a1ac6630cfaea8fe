/**
 * The limit for acknowledged posts: grpc-js, an append-only file, and nothing else.
 *
 * It answers `Login`, `Follow`, `Post` and each message of a `Timeline` once their bytes are on disk, here
 * and at the given copies. It decodes nothing, knows no users, and has no failover.
 */
import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import { servePart } from '../part-process.js';
import { PATHS, RawClient, type RawHandler, serveRaw } from '../raw-calls.js';
import type { Certs } from '../wire.js';
import { GroupLog } from './group-log.js';

/** A `WriteResponse` with a position and an epoch of usual size. */
const RESPONSE = Buffer.from([0x08, 0x80, 0x89, 0x7a, 0x10, 0x01]);

export interface BareServerOptions {
  readonly file: string;
  /** Where the copies listen. */
  readonly copies: readonly string[];
  readonly certs: Certs;
}

/** Sends the records of a turn in one message to each copy, and tracks what all of them have. */
class Copies {
  readonly #streams;
  readonly #waiting: { readonly missing: Set<number>; readonly held: () => void }[] = [];
  #gathered: Buffer[] = [];
  #held: (() => void)[] = [];

  constructor(addresses: readonly string[], certs: Certs) {
    this.#streams = addresses.map((address) => new RawClient(address, certs).stream(PATHS.copy));
    for (const [copy, stream] of this.#streams.entries()) stream.on('data', () => this.#acknowledged(copy));
  }

  append(bytes: Buffer, held: () => void): void {
    this.#gathered.push(bytes);
    this.#held.push(held);
    if (this.#gathered.length === 1) setImmediate(() => this.#send());
  }

  #send(): void {
    const message = Buffer.concat(this.#gathered);
    const held = this.#held;
    this.#gathered = [];
    this.#held = [];
    this.#waiting.push({
      missing: new Set(this.#streams.keys()),
      held: () => {
        for (const tell of held) tell();
      },
    });
    for (const stream of this.#streams) stream.write(message);
  }

  /** Copies answer in order: each answer belongs to the first message without one. */
  #acknowledged(copy: number): void {
    this.#waiting.find(({ missing }) => missing.has(copy))?.missing.delete(copy);
    while (this.#waiting[0]?.missing.size === 0) this.#waiting.shift()?.held();
  }
}

const methods = {
  async start({ file, copies, certs }: BareServerOptions): Promise<string> {
    const log = await GroupLog.create(file);
    const others = copies.length === 0 ? undefined : new Copies(copies, certs);
    const append = (bytes: Buffer, everywhere: () => void): void => {
      let places = others === undefined ? 1 : 2;
      const durable = (): void => {
        places -= 1;
        if (places === 0) everywhere();
      };
      log.append(bytes, durable);
      others?.append(bytes, durable);
    };
    const answer: handleUnaryCall<Buffer, Buffer> = ({ request }, callback) =>
      append(request, () => callback(null, RESPONSE));
    const follow = (call: ServerDuplexStream<Buffer, Buffer>): void => {
      call.on('data', (bytes: Buffer) => append(bytes, () => call.write(RESPONSE)));
    };
    const calls = [PATHS.login, PATHS.follow, PATHS.post] as const;
    const handlers: readonly RawHandler[] = [
      ...calls.map((path): RawHandler => ({ path, streams: false, handle: answer })),
      { path: PATHS.timeline, streams: true, handle: follow },
    ];
    return await serveRaw(handlers, certs);
  },

  /** Listens as a copy: answers a message once it is on disk. */
  async startCopy({ file, certs }: Omit<BareServerOptions, 'copies'>): Promise<string> {
    const log = await GroupLog.create(file);
    const acknowledgement = Buffer.alloc(8);
    const handler: RawHandler = {
      path: PATHS.copy,
      streams: true,
      handle: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (bytes: Buffer) => log.append(bytes, () => call.write(acknowledgement)));
      },
    };
    return await serveRaw([handler], certs);
  },
} as const;

export type BareJournalServer = typeof methods;
servePart(methods);
