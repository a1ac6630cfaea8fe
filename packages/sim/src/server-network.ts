/** How a simulated server reaches routers and other servers. */
import type {
  Assignment,
  MemberMessage,
  NetworkId,
  RouterMessage,
  StandbyMessage,
  TailBatch,
  TailMessage,
} from '@dualping/core';
import type {
  Cancel,
  DiskAsker,
  InstalledSnapshot,
  MemberProbe,
  OpenedStream,
  PrimaryListener,
  ReplicaNetwork,
  SnapshotPull,
  StreamListener,
} from '@dualping/runtime';
import { call } from './call.js';
import type { Process } from './process.js';
import { RouterWatch } from './router-watch.js';
import type { ServerDisk } from './server-disk.js';

/** A primary that sends nothing for so long is gone, ms: as in `snapshot-pull.ts`. */
const CHUNK_TIMEOUT_MS = 10_000;

export class ServerNetwork implements ReplicaNetwork {
  constructor(
    readonly process: Process,
    /** Where snapshots are installed. */
    readonly disk: ServerDisk,
    readonly routers: readonly string[],
    readonly clusters: number,
  ) {}

  openRouter(
    address: string,
    attach: MemberMessage,
    { heard, ended }: StreamListener<RouterMessage>,
  ): OpenedStream<MemberMessage> {
    const end = this.process.network.dial(this.process, address, 'dual-ping', attach);
    end.onMessage = heard;
    end.onEnd = ({ kind }) => ended(kind);
    return end;
  }

  openPrimary(
    address: string,
    join: StandbyMessage,
    { heard, ended }: PrimaryListener,
  ): OpenedStream<StandbyMessage> {
    const end = this.process.network.dial(this.process, address, 'replicate', join);
    end.onMessage = ({ message, entries }) => heard(message, entries);
    end.onEnd = ({ kind }) => ended(kind);
    return end;
  }

  openTail(
    address: string,
    open: TailMessage,
    { heard, ended }: StreamListener<TailBatch>,
  ): OpenedStream<TailMessage> {
    const end = this.process.network.dial(this.process, address, 'tail', open);
    end.onMessage = heard;
    end.onEnd = (how) => ended(how.kind === 'ended' ? (how.failure?.reason ?? 'ended') : 'broken');
    return end;
  }

  pullSnapshot({ address, question }: SnapshotPull, asker: DiskAsker<InstalledSnapshot>): void {
    const { process } = this;
    const end = process.network.dial(process, address, 'snapshot', {
      kind: 'get-follower-info',
      ...question,
    });
    let heard = 0;
    const listen = (): void => {
      const before = heard;
      process.later(CHUNK_TIMEOUT_MS, `${process.name} waits for a chunk`, () => {
        if (end.over || heard !== before) return;
        end.abort();
        asker.failed('nothing came');
      });
    };
    end.onMessage = (chunk) => {
      heard += 1;
      if (chunk.kind === 'chunk') return listen();
      end.close();
      const { installation } = chunk;
      const { snapshot, epochStarts, checksum } = installation;
      const done = (): void => asker.done({ snapshot, epochStarts, checksum });
      this.disk.write({ kind: 'install', installation, done });
    };
    end.onEnd = (how) => asker.failed(how.kind === 'ended' ? (how.failure?.reason ?? 'broke off') : 'broken');
    listen();
  }

  probe({ address, service, timeoutMs }: MemberProbe, answered: (isReached: boolean) => void): void {
    call(this.process, address, 'health', { kind: 'health', service }, timeoutMs, 'server-unreachable', {
      answered: () => answered(true),
      failed: () => answered(false),
    });
  }

  keepWarm(): void {}

  watchClusters(
    _networkId: NetworkId,
    learn: (networkId: NetworkId, assignment: Assignment) => void,
  ): Cancel {
    if (this.clusters === 1) return () => {};
    const watch = new RouterWatch(this.process, this.routers, undefined, learn);
    watch.open();
    return () => watch.close();
  }
}
