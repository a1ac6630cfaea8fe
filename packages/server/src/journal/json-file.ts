/** Small JSON files that people can read, with a checksum. */
import { crc32 } from 'node:zlib';
import { type FileOperations, readWholeIfThere, replaceFile } from '@dualping/host';
import { damaged } from './storage-errors.js';

export async function replaceJson(files: FileOperations, path: string, value: object): Promise<void> {
  const crc = crc32(JSON.stringify(value));
  await replaceFile(files, path, Buffer.from(`${JSON.stringify({ ...value, crc }, undefined, 2)}\n`));
}

/** The value that `replaceJson` wrote; undefined when there is no such file. Throws when it is damaged. */
export function readJson(files: FileOperations, path: string): unknown {
  const bytes = readWholeIfThere(files, path);
  if (bytes === undefined) return undefined;
  try {
    const { crc, ...value } = JSON.parse(bytes.toString('utf8'));
    if (crc === crc32(JSON.stringify(value))) return value;
  } catch {
    // Reported below: the content differs from what was written.
  }
  throw damaged(path, 0, undefined, 'its checksum does not match');
}
