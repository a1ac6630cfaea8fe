/** The machine that a run was measured on: figures mean little without it. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, type as systemType } from 'node:os';

export interface Machine {
  readonly dualping: string;
  readonly node: string;
  /** `Linux 6.1.0 x64` */
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0';
}

export function thisMachine(): Machine {
  return {
    dualping: ownVersion(),
    node: process.versions.node,
    system: `${systemType()} ${release()} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
  };
}
