/**
 * Encoding into one reused, growing buffer.
 *
 * Without a given writer each `encode` makes a new one, and growing its buffer costs as much as the encoding
 * (measured: half the time of a journal entry). Encoding is synchronous, so one writer serves the whole
 * process.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';

interface Encoder<T> {
  encode(message: T, writer: BinaryWriter): BinaryWriter;
}

/** A larger buffer isn't kept, bytes: one huge message must not hold memory for ever. */
const MAX_KEPT_LENGTH = 1024 * 1024;

let writer = new BinaryWriter();

export function encodeReusing<T>(encoder: Encoder<T>, message: T): Buffer {
  try {
    // `finish` copies the bytes out and rewinds, keeping the buffer.
    const bytes = encoder.encode(message, writer).finish();
    if (bytes.length > MAX_KEPT_LENGTH) writer = new BinaryWriter();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    writer = new BinaryWriter(); // the old one was left in the middle of a message
    throw error;
  }
}
