/** Connections of this machine, from the kernel's table (Linux). */
import { readFileSync } from 'node:fs';

/** Columns of /proc/net/tcp. */
const LOCAL_ADDRESS = 1;
const STATE = 3;
const ESTABLISHED = '01';

/** How many connections a listening process has accepted at this port. */
export function connectionsTo(port: number): number {
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1);
  return lines.filter((line) => {
    const columns = line.trim().split(/\s+/);
    const local = Number.parseInt(columns[LOCAL_ADDRESS]?.split(':')[1] ?? '', 16);
    return local === port && columns[STATE] === ESTABLISHED;
  }).length;
}
