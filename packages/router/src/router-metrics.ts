/** A router's metrics: about itself, each cluster, and each member. */
import {
  type Assignment,
  clusterKeyOf,
  type DiskRoomStats,
  type MemberFigures,
  namesAsPrimary,
} from '@dualping/core';
import type { Metric, Sample } from '@dualping/host';

const OF_CLUSTER = ['cluster'] as const;
const OF_MEMBER = ['cluster', 'server'] as const;

const gauge = (help: string, labels: readonly string[] = []): Metric => ({ help, type: 'gauge', labels });

export const ROUTER_METRICS = {
  dualping_router_trouble: gauge('1 while something is wrong with the router itself, else 0'),
  dualping_router_disk_free_bytes: gauge('What it may still write to its disk, bytes'),
  dualping_router_disk_size_bytes: gauge('The size of its disk, bytes'),
  dualping_router_disk_low: gauge('1 while its disk has little room, else 0'),
  dualping_router_watchers: gauge('Watch calls that are open'),
  dualping_router_leads: gauge('Of several routers: 1 while this one leads, else 0'),
  dualping_router_term: gauge('Of several routers: the term of the one that leads; 0: none is known'),
  dualping_router_standbys: gauge('Of several routers: how many stand by, as the leader says'),
  dualping_router_store_answers: gauge(
    'Of several routers: 1 while the store that they share answers, else 0',
  ),
  dualping_cluster_available: gauge('1 while the cluster has a live primary, else 0', OF_CLUSTER),
  dualping_cluster_suspended: gauge('1 while an operator keeps it paused or at rest, else 0', OF_CLUSTER),
  dualping_cluster_epoch: gauge(
    'Number of primaries so far: rises with each takeover and handover',
    OF_CLUSTER,
  ),
  dualping_cluster_live_members: gauge('Members that the router hears', OF_CLUSTER),
  dualping_cluster_in_sync_members: gauge(
    'Live members with everything acknowledged; without journals all that are live',
    OF_CLUSTER,
  ),
  dualping_member_live: gauge('1 while the router hears the member, else 0', OF_MEMBER),
  dualping_member_in_sync: gauge('1 while it has everything acknowledged, else 0', OF_MEMBER),
  dualping_member_primary: gauge('1 while it is the primary, else 0', OF_MEMBER),
  dualping_member_unreachable: gauge('1 while the router can not dial it, else 0', OF_MEMBER),
  dualping_member_durable_position: gauge('Last entry on its disk, as of its last ping', OF_MEMBER),
  dualping_member_committed_position: gauge('Last entry that it knows to be committed', OF_MEMBER),
  dualping_member_disk_low: gauge("1 while its disk has no room for users' writes, else 0", OF_MEMBER),
  dualping_member_silence_seconds: gauge('Time since the router last heard it, seconds', OF_MEMBER),
  dualping_events_total: {
    help: 'Lines for the operator, by event',
    type: 'counter',
    labels: ['event'],
  },
} as const satisfies Record<string, Metric>;

export type RouterMetric = keyof typeof ROUTER_METRICS;

export interface RouterView {
  readonly assignments: readonly Assignment[];
  readonly stats: readonly MemberFigures[];
  readonly watchers: number;
  /** Undefined: nothing is wrong. */
  readonly trouble: string | undefined;
  /** Absent: nobody has looked yet, or it keeps nothing on a disk. */
  readonly disk?: DiskRoomStats | undefined;
  readonly events: ReadonlyMap<string, number>;
  /** Absent: this router is alone. */
  readonly shared?: SharedView;
}

/** One of several routers. */
export interface SharedView {
  readonly leads: boolean;
  /** The term of the leading router; 0: none is known. */
  readonly term: number;
  readonly standbys: number;
  readonly storeAnswers: boolean;
}

export function routerSamples(view: RouterView): Sample<RouterMetric>[] {
  const samples: Sample<RouterMetric>[] = [];
  const say = (name: RouterMetric, value: number | boolean, labels: Sample<RouterMetric>['labels'] = {}) =>
    samples.push({ name, labels, value: Number(value) });
  say('dualping_router_trouble', view.trouble !== undefined);
  if (view.disk !== undefined) {
    say('dualping_router_disk_free_bytes', view.disk.freeBytes);
    say('dualping_router_disk_size_bytes', view.disk.sizeBytes);
    say('dualping_router_disk_low', view.disk.isLow);
  }
  say('dualping_router_watchers', view.watchers);
  if (view.shared !== undefined) {
    const { leads, term, standbys, storeAnswers } = view.shared;
    say('dualping_router_leads', leads);
    say('dualping_router_term', term);
    if (leads) say('dualping_router_standbys', standbys);
    say('dualping_router_store_answers', storeAnswers);
  }
  for (const [event, count] of view.events) say('dualping_events_total', count, { event });
  const keys = new Map(view.assignments.map((assignment) => [assignment.cluster, clusterKeyOf(assignment)]));
  for (const assignment of view.assignments) {
    const { members } = assignment;
    const cluster = clusterKeyOf(assignment);
    say('dualping_cluster_available', assignment.available, { cluster });
    say('dualping_cluster_suspended', assignment.suspended !== undefined, { cluster });
    say('dualping_cluster_epoch', assignment.epoch, { cluster });
    const live = members.filter((member) => member.live);
    say('dualping_cluster_live_members', live.length, { cluster });
    // A cluster without journals has no in-sync set: its live members are as good as one another.
    const hasJournals = members.some(({ journalId }) => journalId !== '');
    const ready = hasJournals ? live.filter(({ inSync }) => inSync) : live;
    say('dualping_cluster_in_sync_members', ready.length, { cluster });
    for (const member of members) {
      const labels = { cluster, server: member.serverId };
      say('dualping_member_live', member.live, labels);
      say('dualping_member_in_sync', member.inSync, labels);
      say('dualping_member_primary', assignment.available && namesAsPrimary(assignment, member), labels);
      say('dualping_member_unreachable', member.unreachable, labels);
    }
  }
  for (const { cluster, serverId: server, stats, ageMs } of view.stats) {
    const labels = { cluster: keys.get(cluster) ?? cluster, server };
    say('dualping_member_durable_position', stats.durable, labels);
    say('dualping_member_committed_position', stats.committed, labels);
    if (stats.disk !== undefined) say('dualping_member_disk_low', stats.disk.isLow, labels);
    say('dualping_member_silence_seconds', ageMs / 1_000, labels);
  }
  return samples;
}
