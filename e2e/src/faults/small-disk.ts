/** A small file system for a data folder, which tests can fill. */
import { closeSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { run, succeeds } from './commands.js';

/** Room for a segment of a journal (16 MB) and some. */
const SIZE = '32m';
const BALLAST = 'ballast';
const CHUNK = Buffer.alloc(64 * 1024, 1);

export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Keeps the content of the folder. No process may use it meanwhile. */
  static under(folder: string): SmallDisk {
    const saved = `${folder}.saved`;
    run('mkdir', '-p', folder, saved);
    run('cp', '-a', `${folder}/.`, saved);
    run('mount', '-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder);
    run('cp', '-a', `${saved}/.`, folder);
    rmSync(saved, { recursive: true });
    return new SmallDisk(folder);
  }

  /** Fills the disk to the last byte, or to so many percent. */
  fill(percent = 100): void {
    if (percent < 100) return this.#fillTo(percent);
    const file = openSync(join(this.folder, BALLAST), 'w');
    try {
      for (let size = CHUNK.length; size > 0; ) {
        try {
          if (writeSync(file, CHUNK, 0, size) < size) size = 0;
        } catch {
          size = Math.floor(size / 2);
        }
      }
    } finally {
      closeSync(file);
    }
  }

  #fillTo(percent: number): void {
    const { blocks, bavail, bsize } = statfsSync(this.folder);
    const size = (bavail - (blocks * (100 - percent)) / 100) * bsize;
    writeFileSync(join(this.folder, BALLAST), Buffer.alloc(Math.max(0, Math.floor(size)), 1));
  }

  makeRoom(): void {
    rmSync(join(this.folder, BALLAST), { force: true });
  }

  remove(): void {
    succeeds('umount', '--lazy', this.folder);
  }
}
