/**
 * Gives a connection a higher descriptor than later connections of the process.
 *
 * When a process is killed, Linux closes its sockets one after another, the highest descriptor first, and
 * each close wakes the peer. The stream to the router is dialled first, so it would have one of the lowest
 * numbers, and the router would notice the death after every client. So a process that dials the router
 * occupies low numbers until the socket exists. On other systems, or with more connections than occupied
 * numbers, only the order is different.
 */
import { closeSync, openSync } from 'node:fs';

/** Number of lower descriptors to occupy. Opening and closing this many takes under a millisecond. */
const HELD = 256;
/**
 * A dial that takes longer goes on without them, ms: another part of the process may need them. Usually the
 * socket exists as soon as the name of the router is looked up.
 */
const HELD_AT_MOST_MS = 1_000;

/** @returns a function that frees them; no effect when it is called again */
export function holdLowDescriptors(platform: NodeJS.Platform = process.platform): () => void {
  if (platform !== 'linux') return () => {};
  const held: number[] = [];
  const letGo = (): void => {
    clearTimeout(patience);
    for (const descriptor of held.splice(0)) closeSync(descriptor);
  };
  const patience = setTimeout(letGo, HELD_AT_MOST_MS).unref();
  try {
    while (held.length < HELD) held.push(openSync('/dev/null', 'r'));
  } catch {
    letGo(); // a process with so few free descriptors needs them for something else
  }
  return letGo;
}
