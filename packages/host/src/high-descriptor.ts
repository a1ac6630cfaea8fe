/**
 * Gives a connection a higher descriptor than the connections that the process opens or accepts later.
 *
 * When a process is killed, Linux closes its sockets one after another, the highest descriptor first, and
 * each close wakes the peer. The stream to the router is dialled first, so it would have one of the lowest
 * numbers, and the router would be told after every client. Whoever dials the router therefore occupies low
 * numbers until the socket exists. Elsewhere, or with more connections than were occupied, only the order is
 * different.
 */
import { closeSync, openSync } from 'node:fs';

/** Connections that stay below. Opening and closing so many takes under a millisecond. */
const HELD = 256;
/**
 * A dial that takes longer goes on without them, ms: another part of the process may need them. Here the
 * socket exists as soon as the name of the router is looked up.
 */
const HELD_AT_MOST_MS = 1_000;

/** @returns lets go of them; no effect when it is called again */
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
    letGo(); // a process with so few descriptors left needs them for something else
  }
  return letGo;
}
