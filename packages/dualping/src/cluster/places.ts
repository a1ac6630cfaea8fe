/**
 * The last ports of a local cluster, so that it uses the same ports again if they are free.
 *
 * This is only a convenience: when the file is missing or broken, new ports are used.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Address, MAX_CLUSTERS } from '@dualping/core';
import { type ProcessIdentity, replaceFileNow } from '@dualping/host';

export interface Places {
  /** Port by the name of the process: `router`, `s1`. */
  readonly ports: Readonly<Record<string, number>>;
  /** Where each listened last, for `status`. */
  readonly addresses?: Readonly<Record<string, Address>>;
  /** Processes of it that have no folder, and so no lock, by name: routers that share a store. */
  readonly processes?: Readonly<Record<string, ProcessIdentity>>;
  /** The folder of its certificates, where it ran with TLS. */
  readonly certs?: string | undefined;
  /** The number of clusters; undefined in a file of an earlier version. */
  readonly clusters?: number | undefined;
}

const FILE = 'places.json';
const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_CLUSTERS;
const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  'startTime' in value &&
  typeof value.pid === 'number' &&
  typeof value.startTime === 'string';
const isText = (value: unknown): value is string => typeof value === 'string';

export function readPlaces(folder: string): Places {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
    const top = new Map<string, unknown>(Object.entries(parsed ?? {}));
    const certs = top.get('certs');
    const clusters = top.get('clusters');
    return {
      ports: table(parsed, 'ports', isPort),
      addresses: table(parsed, 'addresses', isText),
      processes: table(parsed, 'processes', isIdentity),
      certs: isText(certs) ? certs : undefined,
      clusters: isCount(clusters) ? clusters : undefined,
    };
  } catch {
    return { ports: {} };
  }
}

function table<T>(from: unknown, key: string, is: (value: unknown) => value is T): Record<string, T> {
  const found = new Map(Object.entries(from ?? {})).get(key);
  return Object.fromEntries(
    Object.entries(found ?? {}).filter((entry): entry is [string, T] => is(entry[1])),
  );
}

export function writePlaces(folder: string, places: Places): void {
  replaceFileNow(join(folder, FILE), `${JSON.stringify(places, undefined, 2)}\n`, { durable: false });
}

/** The port if nothing listens there, else 0 for any. Another process may still take it before it is used. */
export async function portIfFree(host: string, port: number): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer();
    // Any other error is of the address: whoever listens there says so.
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EADDRINUSE' ? 0 : port));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(port)));
  });
}
