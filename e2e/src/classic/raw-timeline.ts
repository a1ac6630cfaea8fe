/** A timeline on which tests send raw bytes: a C program's `fgets` can cut a character in two. */
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';

const PATH = '/csce438.SNSService/Timeline';
/** Field numbers 1 and 2 of `Message`, each with a length before its bytes. */
const USERNAME_TAG = 0x0a;
const MSG_TAG = 0x12;

export class RawTimeline {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const asItIs = (bytes: Buffer): Buffer => bytes;
    this.#stream = this.#client.makeBidiStreamRequest(PATH, asItIs, asItIs);
    this.#stream.on('error', () => {});
    this.#stream.resume();
  }

  write(username: string, msg: Buffer): void {
    const name = Buffer.from(username);
    this.#stream.write(
      Buffer.concat([Buffer.of(USERNAME_TAG), lengthOf(name), name, Buffer.of(MSG_TAG), lengthOf(msg), msg]),
    );
  }

  close(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

/** A protobuf varint: seven bits a byte, the lowest first. */
function lengthOf(bytes: Buffer): Buffer {
  const parts: number[] = [];
  for (let rest = bytes.length; ; rest >>= 7) {
    if (rest < 0x80) return Buffer.of(...parts, rest);
    parts.push((rest & 0x7f) | 0x80);
  }
}
