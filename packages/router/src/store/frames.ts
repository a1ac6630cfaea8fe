/**
 * The format of the assignment log on disk: lines that a person can read, each
 *
 *     LENGTH CRC JSON\n        (length and CRC as 8 hexadecimal digits each; the length is that of the JSON)
 *
 * The CRC of a line is seeded with the CRC of the line before, so a lost or misplaced line is found as surely
 * as a flipped bit.
 *
 * A crash may leave a part of a write at the end of the file: fewer bytes than the length says, or blocks
 * that were never filled. That was never durable and never announced, so it is cut. Everything else that
 * doesn't fit is damage: a durable line may have granted an epoch, and going on without it could grant that
 * epoch again.
 */
import { crc32 } from 'node:zlib';

const PREFIX_LENGTH = '01234567 89abcdef '.length;
const PREFIX = /^([0-9a-f]{8}) ([0-9a-f]{8}) $/;
const NEWLINE = 0x0a;

const hex = (value: number): string => value.toString(16).padStart(8, '0');

export interface Framed {
  readonly bytes: Buffer;
  /** Seed of the next line. */
  readonly crc: number;
}

export function frame(json: string, seed: number): Framed {
  const body = Buffer.from(json);
  const crc = crc32(body, seed);
  const bytes = Buffer.concat([
    Buffer.from(`${hex(body.length)} ${hex(crc)} `),
    body,
    Buffer.from([NEWLINE]),
  ]);
  return { bytes, crc };
}

export interface Unframed {
  readonly json: readonly string[];
  /** CRC of the last whole line. */
  readonly crc: number;
  /** Bytes of whole lines; what follows them was never durable. */
  readonly length: number;
}

/** Where and how a log is damaged. */
export interface Damage {
  readonly line: number;
  readonly offset: number;
  readonly what: string;
}

export function unframe(bytes: Buffer): Unframed | Damage {
  const json: string[] = [];
  let offset = 0;
  let crc = 0;
  while (offset < bytes.length && !isUnfilled(bytes, offset)) {
    const damage = (what: string): Damage => ({ line: json.length + 1, offset, what });
    if (bytes.length - offset < PREFIX_LENGTH) {
      if (!isPartOfPrefix(bytes.toString('latin1', offset))) return damage('its length cannot be read');
      break;
    }
    const prefix = PREFIX.exec(bytes.toString('latin1', offset, offset + PREFIX_LENGTH));
    if (prefix === null) return damage('its length cannot be read');
    const [, length = '', expected = ''] = prefix;
    const start = offset + PREFIX_LENGTH;
    const end = start + Number.parseInt(length, 16);
    if (end >= bytes.length) {
      // A flipped bit in the length would swallow lines that were durable.
      if (bytes.indexOf(NEWLINE, start) >= 0) return damage('its length is wrong');
      break;
    }
    const body = bytes.subarray(start, end);
    const actual = crc32(body, crc);
    if (bytes[end] !== NEWLINE || actual !== Number.parseInt(expected, 16))
      return damage('its checksum does not match');
    json.push(body.toString('utf8'));
    crc = actual;
    offset = end + 1;
  }
  return { json, crc, length: offset };
}

/**
 * Whether this is space that the file system had given to the file and that was not written yet at a power
 * failure.
 */
const isUnfilled = (bytes: Buffer, from: number): boolean => bytes.subarray(from).every((byte) => byte === 0);

const isPartOfPrefix = (text: string): boolean => {
  const whole = '00000000 00000000 ';
  return PREFIX.test(text + whole.slice(text.length));
};
