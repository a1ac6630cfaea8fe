/**
 * Decides whether a disk has room for users' writes.
 *
 * A disk that is full ends its server. When the disks of a cluster fill together, all its servers end
 * together. So users' writes are refused while there is still room for the servers' own entries, and time for
 * an operator to notice. A disk that was low has room again only when a fifth more than the reserve is free,
 * so that a disk near the limit does not change state all the time.
 */
import { DualpingError } from './reasons.js';

/** What a disk has, bytes. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** The disk of a data folder, as the server that has it sees it. */
export interface DiskRoomStats extends DiskSpace {
  /** Whether users' writes are refused because of this disk. */
  readonly isLow: boolean;
}

/** Share of a disk that is kept free, percent. */
export const DEFAULT_MIN_DISK_FREE = 5;
/** More would leave nothing to write to. */
export const MAX_MIN_DISK_FREE = 90;
/**
 * The reserve of a large disk, bytes: 5 % of 1 TB would be 50 GB. It holds a snapshot and some segments, and
 * takes minutes to fill at the fastest rate that was measured.
 */
export const LARGEST_RESERVE_BYTES = 2_000_000_000;
/** How much more than the reserve has to be free before a disk that was low has room again. */
const ROOM_AGAIN = 1.2;

/** @throws DualpingError `invalid-argument`, quoting a value that is not allowed */
export function parseMinDiskFree(given: number = DEFAULT_MIN_DISK_FREE): number {
  if (!Number.isFinite(given) || given < 0 || given > MAX_MIN_DISK_FREE)
    throw new DualpingError(
      'invalid-argument',
      `minDiskFree is "${given}": give percent from 0 (no limit) to ${MAX_MIN_DISK_FREE}`,
    );
  return given;
}

export class DiskRoom {
  #stats: DiskRoomStats | undefined;

  /** @param minFreePercent 0: it is never low */
  constructor(readonly minFreePercent: number) {}

  /** Undefined before the first look. */
  get stats(): DiskRoomStats | undefined {
    return this.#stats;
  }

  /** @returns whether this changed the state: it has become low, or has room again */
  seen({ freeBytes, sizeBytes }: DiskSpace): boolean {
    const wasLow = this.#stats?.isLow ?? false;
    const reserve = Math.min((sizeBytes * this.minFreePercent) / 100, LARGEST_RESERVE_BYTES);
    const isLow = freeBytes < (wasLow ? reserve * ROOM_AGAIN : reserve);
    this.#stats = { freeBytes, sizeBytes, isLow };
    return isLow !== wasLow;
  }
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `3.9 % of its disk are free: 12 MB of 300 MB` */
export const diskSpaceText = ({ freeBytes, sizeBytes }: DiskSpace): string =>
  `${percentFree({ freeBytes, sizeBytes })} % of its disk are free: ${sizeText(freeBytes)} of ${sizeText(sizeBytes)}`;

const percentFree = ({ freeBytes, sizeBytes }: DiskSpace): string =>
  ((100 * freeBytes) / Math.max(1, sizeBytes)).toFixed(1);

function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Math.round(bytes / 1_000 ** power)} ${UNITS[power]}`;
}
