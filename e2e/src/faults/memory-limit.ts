/**
 * A memory limit for a group of processes; beyond it the kernel kills. Works with both versions of cgroups.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MB = 1024 * 1024;
const ROOT = '/sys/fs/cgroup';
/** Version 1 has a tree for each resource, version 2 one for all. */
const VERSION_1 = join(ROOT, 'memory');
const NAMES = existsSync(VERSION_1)
  ? { tree: VERSION_1, limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' }
  : { tree: ROOT, limit: 'memory.max', peak: 'memory.peak' };

export class MemoryLimit {
  readonly #folder: string;

  constructor(name: string, megabytes: number) {
    this.#folder = join(NAMES.tree, name);
    mkdirSync(this.#folder);
    writeFileSync(join(this.#folder, NAMES.limit), `${megabytes * MB}`);
  }

  /** The begin of a command line that runs the rest of the line in the group. */
  get prefix(): readonly string[] {
    return ['sh', '-c', `echo $$ > ${this.#folder}/cgroup.procs && exec "$0" "$@"`];
  }

  get peakMegabytes(): number {
    return Number(readFileSync(join(this.#folder, NAMES.peak), 'utf8')) / MB;
  }

  /** Call it when no process is in the group any more. */
  remove(): void {
    rmdirSync(this.#folder);
  }
}
