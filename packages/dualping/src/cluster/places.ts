/**
 * Where a local cluster was the last time, so that it comes back at the same ports when they are free.
 *
 * Only a convenience: a file that is missing or broken means new ports.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export interface Places {
  /** Port by the name of the process: `router`, `s1`. */
  readonly ports: Readonly<Record<string, number>>;
}

const FILE = 'places.json';
const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;

export function readPlaces(folder: string): Places {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
    const ports = typeof parsed === 'object' && parsed !== null && 'ports' in parsed ? parsed.ports : {};
    const entries = Object.entries(ports ?? {}).filter((entry): entry is [string, number] =>
      isPort(entry[1]),
    );
    return { ports: Object.fromEntries(entries) };
  } catch {
    return { ports: {} };
  }
}

export function writePlaces(folder: string, places: Places): void {
  const file = join(folder, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(places, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** The port if nothing listens there, else 0 for any. Somebody may still take it before it is used. */
export async function portIfFree(host: string, port: number): Promise<number> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(port)));
  });
}
