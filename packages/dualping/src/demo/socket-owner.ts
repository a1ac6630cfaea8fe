/**
 * Finds out which process of the demo has dialled from a port.
 *
 * Clients and other servers dial a server at the same address, so the connection itself does not show which
 * of them calls. The operating system knows. On Linux a user may read this for their own processes; elsewhere
 * nothing is found, and the callers count as people.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Columns of /proc/net/tcp. */
const LOCAL_ADDRESS = 1;
const INODE = 9;

/** Returns the party of each port that one of the processes has dialled from. */
export async function ownersOf<Party>(
  ports: ReadonlySet<number>,
  processes: ReadonlyMap<number, Party>,
): Promise<ReadonlyMap<number, Party>> {
  const owners = new Map<number, Party>();
  const portOfInode = await inodesOf(ports);
  if (portOfInode.size === 0) return owners;
  await Promise.all(
    [...processes].map(async ([pid, party]) => {
      for (const inode of await socketsOf(pid)) {
        const port = portOfInode.get(inode);
        if (port !== undefined) owners.set(port, party);
      }
    }),
  );
  return owners;
}

async function inodesOf(ports: ReadonlySet<number>): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      const port = Number.parseInt(columns[LOCAL_ADDRESS]?.split(':')[1] ?? '', 16);
      const inode = columns[INODE];
      if (ports.has(port) && inode !== undefined) found.set(inode, port);
    }
  }
  return found;
}

async function socketsOf(pid: number): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}
