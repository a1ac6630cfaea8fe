/** Checks repeatedly how much room the disk of a data folder has, and whether the folder is still there. */
import { statfs } from 'node:fs/promises';
import { DiskRoom, type DiskRoomStats, type DiskSpace } from '@dualping/core';

/** Time between two checks, ms: a fast disk writes some hundred MB in that time. */
const DISK_ROOM_INTERVAL_MS = 1_000;

export interface DiskRoomPorts {
  /** Rejects when the disk can't be asked. */
  look(folder: string): Promise<DiskSpace>;
  /** Looks whether the folder is still there, and reports if not. Rejects when the disk can't be asked. */
  lookAtFolder?(): Promise<void>;
  /** It has become low, or has room again. */
  changed(space: DiskSpace, isLow: boolean): void;
}

/** What this process may still write, and the size of the disk. */
export async function spaceOf(folder: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}

export class DiskRoomWatch {
  readonly #room: DiskRoom;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(
    readonly folder: string,
    minFreePercent: number,
    readonly ports: DiskRoomPorts,
  ) {
    this.#room = new DiskRoom(minFreePercent);
  }

  /** Undefined: not known yet. */
  get stats(): DiskRoomStats | undefined {
    return this.#room.stats;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), DISK_ROOM_INTERVAL_MS).unref();
    void this.look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** One check at a time: a hanging disk does not answer. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      if (this.ports.lookAtFolder !== undefined) await this.ports.lookAtFolder();
      const space = await this.ports.look(this.folder);
      if (this.#room.seen(space)) this.ports.changed(space, this.#room.stats?.isLow ?? false);
    } catch {
      // A disk that can't report its room will fail when it is written to.
    } finally {
      this.#isLooking = false;
    }
  }
}
