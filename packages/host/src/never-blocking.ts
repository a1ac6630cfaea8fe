/** Keeps a terminal that stops reading from stopping the process that writes to it. */
import { closeSync, constants, openSync } from 'node:fs';

/** The part of a stream of Node that its types leave out. */
interface OfTerminal {
  readonly fd: number;
  readonly _handle?: { setBlocking?(blocking: boolean): number } | null;
}

/**
 * Node's writes to a terminal wait until the terminal has taken everything. So a suspended or paused terminal
 * blocks the process, which then reacts to no signal. After this call, output that the terminal does not take
 * waits in memory, as with pipes.
 */
export function neverBlocking(stream: NodeJS.WriteStream): void {
  if (stream.isTTY !== true) return;
  const { fd, _handle } = stream as unknown as OfTerminal;
  if (hasOwnDescription(fd)) _handle?.setBlocking?.(false);
}

/**
 * Node opens the terminal a second time for itself. If it can't, the change would affect other processes too.
 */
function hasOwnDescription(descriptor: number): boolean {
  try {
    closeSync(openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
