/** A server's metrics, and its answers to probes. */
import type { Assignment, DiskRoomStats, Epoch, JournalId, ServerId, Stats } from '@dualping/core';
import type { Metric, Sample } from '@dualping/host';

const LABELS = ['cluster', 'server'] as const;
const gauge = (help: string): Metric => ({ help, type: 'gauge', labels: LABELS });
const counter = (help: string): Metric => ({ help, type: 'counter', labels: LABELS });

export const SERVER_METRICS = {
  dualping_server_primary: gauge('1 while it serves as primary, else 0'),
  dualping_server_in_sync: gauge('1 while it is attached and has everything acknowledged, else 0'),
  dualping_server_attached: gauge('1 while a router hears it, else 0'),
  dualping_server_epoch: gauge('The epoch in which it serves; 0 when it does not'),
  dualping_server_durable_position: gauge('Last entry on its disk'),
  dualping_server_committed_position: gauge('Last entry that it knows to be committed'),
  dualping_server_timelines: gauge('Timelines that are open'),
  dualping_server_posts_accepted_total: counter('Posts that it acknowledged since its start'),
  dualping_server_slow_disk_operations_total: counter('Disk operations that took over a second'),
  dualping_server_longest_disk_operation_seconds: gauge('The longest disk operation, seconds'),
  dualping_server_disk_free_bytes: gauge('What it may still write to its disk, bytes'),
  dualping_server_disk_size_bytes: gauge('The size of its disk, bytes'),
  dualping_server_disk_low: gauge("1 while its disk has no room for users' writes, else 0"),
  dualping_events_total: {
    help: 'Lines for the operator, by event',
    type: 'counter',
    labels: ['event'],
  },
} as const satisfies Record<string, Metric>;

export type ServerMetric = keyof typeof SERVER_METRICS;

export interface ServerView {
  readonly cluster: number;
  readonly serverId: ServerId;
  readonly journalId: JournalId;
  /** 0 when it does not serve. */
  readonly servingEpoch: Epoch;
  readonly isAttached: boolean;
  readonly assignment: Assignment | undefined;
  readonly stats: Stats;
  readonly diskHangs: boolean;
  readonly events: ReadonlyMap<string, number>;
}

type CopyView = Pick<ServerView, 'isAttached' | 'assignment' | 'serverId' | 'journalId'>;

/** By the newest assignment, and only while a router hears the server. */
export const isInSync = ({ isAttached, assignment, serverId, journalId }: CopyView): boolean =>
  isAttached &&
  assignment?.inSync.some((copy) => copy.serverId === serverId && copy.journalId === journalId) === true;

export function serverSamples(view: ServerView): Sample<ServerMetric>[] {
  const { cluster, serverId: server, stats } = view;
  const sample = (name: ServerMetric, value: number | boolean): Sample<ServerMetric> => ({
    name,
    labels: { cluster, server },
    value: Number(value),
  });
  return [
    sample('dualping_server_primary', view.servingEpoch > 0),
    sample('dualping_server_in_sync', isInSync(view)),
    sample('dualping_server_attached', view.isAttached),
    sample('dualping_server_epoch', view.servingEpoch),
    sample('dualping_server_durable_position', stats.durable),
    sample('dualping_server_committed_position', stats.committed),
    sample('dualping_server_timelines', stats.timelines),
    sample('dualping_server_posts_accepted_total', stats.postsAccepted),
    sample('dualping_server_slow_disk_operations_total', stats.slowSyncs),
    sample('dualping_server_longest_disk_operation_seconds', stats.longestSyncMs / 1_000),
    ...diskSamples(stats.disk, sample),
    ...[...view.events].map(
      ([event, value]): Sample<ServerMetric> => ({ name: 'dualping_events_total', labels: { event }, value }),
    ),
  ];
}

function diskSamples(
  disk: DiskRoomStats | undefined,
  sample: (name: ServerMetric, value: number | boolean) => Sample<ServerMetric>,
): Sample<ServerMetric>[] {
  if (disk === undefined) return [];
  return [
    sample('dualping_server_disk_free_bytes', disk.freeBytes),
    sample('dualping_server_disk_size_bytes', disk.sizeBytes),
    sample('dualping_server_disk_low', disk.isLow),
  ];
}

/** Undefined: yes. Otherwise why not. */
export const serverProbes = (view: () => ServerView): Readonly<Record<string, () => string | undefined>> => ({
  '/healthz': () => (view().diskHangs ? 'its disk does not answer' : undefined),
  '/readyz': () => {
    const { isAttached, servingEpoch } = view();
    return isAttached || servingEpoch > 0 ? undefined : 'no router hears it';
  },
  '/primary': () => (view().servingEpoch > 0 ? undefined : 'it does not serve as primary'),
  '/in-sync': () => (isInSync(view()) ? undefined : 'it is not in the in-sync set'),
});
