/**
 * Diagnostics go to a file while the client uses the screen: a line of text would break the picture.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

type Write = typeof process.stderr.write;

/**
 * From now on everything written to stderr, including `debug`, goes to a file. @returns a function that ends
 * that
 */
export function divertDiagnostics(path: string): () => void {
  let file: number | undefined;
  const write = process.stderr.write;
  const diverted = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    try {
      if (file === undefined) {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        file = openSync(path, 'a', 0o600);
      }
      if (typeof chunk === 'string') writeSync(file, chunk);
      else writeSync(file, chunk);
    } catch {
      // A full disk must not end the client: this is only its log.
    }
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  }) as Write;
  process.stderr.write = diverted;
  return () => {
    if (process.stderr.write === diverted) process.stderr.write = write;
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
}
