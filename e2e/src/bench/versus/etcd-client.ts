/** etcd: each write is a put of a new key, and followers watch all keys of the prefix. */

import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { EtcdKvClient, type etcdWire, NO_METADATA } from '@dualping/protocol';
import { Client, credentials } from '@grpc/grpc-js';
import type { PeerClient } from './peer-client.js';

const PREFIX = 'posts/';
/** The first key after all keys of the prefix. */
const PREFIX_END = 'posts0';
const WATCH = '/etcdserverpb.Watch/Watch';
const PLAIN = credentials.createInsecure();
const OWN = { 'grpc.use_local_subchannel_pool': 1 } as const;

const sameBytes = (bytes: Buffer): Buffer => bytes;

/** A `WatchRequest` with `create_request{key, range_end}`. */
function watchRequest(): Buffer {
  const create = new BinaryWriter().tag(1, 2).string(PREFIX).tag(2, 2).string(PREFIX_END);
  return Buffer.from(new BinaryWriter().tag(1, 2).bytes(create.finish()).finish());
}

/** The events (field 11) of a `WatchResponse`; undefined: it says that the watch was created (field 3). */
function eventsOf(message: Buffer): number | undefined {
  const reader = new BinaryReader(message);
  let events = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 3) return undefined;
    if (field === 11) events += 1;
    reader.skip(type);
  }
  return events;
}

export class EtcdClient implements PeerClient {
  readonly #nodes: readonly EtcdKvClient[];
  #at = 0;
  #keys = 0;

  constructor(readonly addresses: readonly string[]) {
    this.#nodes = addresses.map((address) => new EtcdKvClient(address, PLAIN, OWN));
  }

  async prepare(): Promise<void> {}

  write(text: string, patienceMs: number): Promise<void> {
    this.#keys += 1;
    const put = { key: Buffer.from(`${PREFIX}${this.#keys}`), value: Buffer.from(text), lease: 0 };
    const request: etcdWire.TxnRequest = {
      compare: [],
      success: [{ request: { $case: 'requestPut', value: put } }],
      failure: [],
    };
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + patienceMs;
      this.#nodes[this.#at]?.txn(request, NO_METADATA, { deadline }, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  turn(): void {
    this.#at = (this.#at + 1) % this.#nodes.length;
  }

  async follow(followers: number, delivered: (count: number) => void): Promise<void> {
    const [address = ''] = this.addresses;
    for (let index = 0; index < followers; index += 1) {
      const client = new Client(address, PLAIN, OWN);
      const watch = client.makeBidiStreamRequest(WATCH, sameBytes, sameBytes, NO_METADATA);
      await new Promise<void>((resolve) => {
        watch.on('data', (message: Buffer) => {
          const events = eventsOf(message);
          if (events === undefined) resolve();
          else delivered(events);
        });
        watch.write(watchRequest());
      });
    }
  }
}
