/** Terminals that stop reading must not stop the process that writes to them. */
import { closeSync, constants, openSync } from 'node:fs';

/** The part of a stream of Node that its types leave out. */
interface OfTerminal {
  readonly fd: number;
  readonly _handle?: { setBlocking?(blocking: boolean): number } | null;
}

/**
 * Node writes to a terminal until it has taken everything. A terminal that is suspended or paused blocks the
 * process, which then hears no signal and does nothing else. After this call, what the terminal does not take
 * waits in memory, as it does for pipes.
 */
export function neverBlocking(stream: NodeJS.WriteStream): void {
  if (stream.isTTY !== true) return;
  const { fd, _handle } = stream as unknown as OfTerminal;
  if (hasOwnDescription(fd)) _handle?.setBlocking?.(false);
}

/**
 * Node opens a terminal once more for itself. Where it may not, the change would reach other processes too.
 */
function hasOwnDescription(descriptor: number): boolean {
  try {
    closeSync(openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
