/**
 * A few whole numbers with a checksum, so that torn or damaged numbers are recognised.
 */
import { crc32 } from 'node:zlib';

const NUMBER_BYTES = 6;
const CRC_BYTES = 4;

/** Each 0 to 2^48 − 1. */
export function encodeNumbers(numbers: readonly number[]): Buffer {
  const length = numbers.length * NUMBER_BYTES;
  const bytes = Buffer.alloc(length + CRC_BYTES);
  for (const [index, number] of numbers.entries())
    bytes.writeUIntLE(number, index * NUMBER_BYTES, NUMBER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, length)), length);
  return bytes;
}

/** Undefined when these are not `count` undamaged numbers. */
export function decodeNumbers(bytes: Buffer | undefined, count: number): number[] | undefined {
  const length = count * NUMBER_BYTES;
  if (bytes?.length !== length + CRC_BYTES) return undefined;
  if (crc32(bytes.subarray(0, length)) !== bytes.readUInt32LE(length)) return undefined;
  return Array.from({ length: count }, (_, index) => bytes.readUIntLE(index * NUMBER_BYTES, NUMBER_BYTES));
}
