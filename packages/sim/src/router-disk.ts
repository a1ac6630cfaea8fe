/**
 * The disk of a router: the records of its folder, and one write at a time. A write takes time, and does not
 * end while the disk hangs. When the process dies meanwhile, the write is there or isn't.
 */
import type { ClusterId, ClusterRecord, NetworkId } from '@dualping/core';
import type { Random } from './random.js';
import type { RouterStore } from './router-view.js';
import { LONG_WORK_MS } from './server-disk.js';
import type { EtcdSnapshot } from './shared-store/model-etcd.js';

/** What a router's folder holds. */
export interface RouterFolder {
  readonly networkId: NetworkId;
  readonly records: ReadonlyMap<ClusterId, ClusterRecord>;
  /** Whether no router has run with it. */
  readonly isNew: boolean;
  /** Of several routers: all that their store holds. */
  readonly etcd?: EtcdSnapshot;
}

/** The folder of a router that starts empty, and so with a network of its own. */
export const EMPTY_FOLDER: RouterFolder = { networkId: 'another', records: new Map(), isNew: true };

interface Write {
  readonly records: readonly ClusterRecord[];
  readonly takesMs: number;
}

export interface RouterDiskPorts {
  readonly after: (delayMs: number, work: () => void) => void;
  readonly recorded: (record: ClusterRecord) => void;
}

/** A disk whose mean sync is longer counts as slow, ms. */
export const SLOW_SYNC_MS = 50;

export class RouterDisk implements RouterStore {
  /** Sync of one write, ms: at least and on average. */
  syncMs = { least: 0.05, mean: 0.5 };
  /** Whether no router has run with this folder. */
  isNew = true;
  #records = new Map<ClusterId, ClusterRecord>();
  #write: Write | undefined;
  /** How many faults keep its syncs from ending; and what to do when they end. */
  #hung = 0;
  #stuck: (() => void) | undefined;

  constructor(
    public networkId: NetworkId,
    readonly random: Random,
    readonly ports: RouterDiskPorts,
  ) {}

  get records(): ReadonlyMap<ClusterId, ClusterRecord> {
    return this.#records;
  }
  /** Also true while an operation that was begun on a slow disk lasts. */
  get isHung(): boolean {
    return this.#hung > 0 || (this.#write !== undefined && this.#write.takesMs > LONG_WORK_MS);
  }

  get isWell(): boolean {
    return !this.isHung && this.syncMs.mean <= SLOW_SYNC_MS;
  }
  /** It is unknown which of the waiting records will be there afterwards. */
  get isInDoubt(): boolean {
    return this.isHung;
  }

  slowDown(ms: number): () => void {
    this.syncMs.mean += ms;
    return () => {
      this.syncMs.mean -= ms;
    };
  }

  /** A copy of the folder, as it is now. */
  folder(): RouterFolder {
    return { networkId: this.networkId, records: new Map(this.#records), isNew: this.isNew };
  }

  /** Another folder takes the place of its own, while the router is down. */
  putIn({ networkId, records, isNew }: RouterFolder): void {
    this.networkId = networkId;
    this.#records = new Map(records);
    this.isNew = isNew;
  }

  /** Syncs do not end until the returned function is called. */
  hang(): () => void {
    this.#hung += 1;
    return () => {
      this.#hung -= 1;
      const goOn = this.#stuck;
      if (this.#hung > 0 || goOn === undefined) return;
      this.#stuck = undefined;
      goOn();
    };
  }

  persist(records: readonly ClusterRecord[], durable: () => void): void {
    const write: Write = { records, takesMs: this.syncMs.least + this.random.exponential(this.syncMs.mean) };
    this.#write = write;
    const synced = (): void => {
      if (this.#write !== write) return;
      if (this.#hung > 0) {
        this.#stuck = synced;
        return;
      }
      this.#keep(records);
      this.#write = undefined;
      durable();
    };
    this.ports.after(write.takesMs, synced);
  }

  /** The process dies. What was being written is there or isn't. */
  crash(): void {
    if (this.#write !== undefined && this.random.chance(0.5)) this.#keep(this.#write.records);
    this.#write = undefined;
    this.#stuck = undefined;
  }

  #keep(records: readonly ClusterRecord[]): void {
    for (const record of records) {
      this.#records.set(record.cluster, record);
      this.ports.recorded(record);
    }
  }
}
