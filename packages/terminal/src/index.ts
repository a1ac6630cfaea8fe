export { LiveCluster } from './app/live-cluster.js';
export { type ClientOptions, type NetworkNames, runClient } from './app/run-client.js';
export { type ClusterViewOptions, runClusterView } from './app/run-cluster-view.js';
export type {
  ClusterEvent,
  ClusterFeed,
  Controls,
  Counts,
  FaultKind,
  ProcessLog,
  RouterSeen,
  RoutersSeen,
  Takeover,
  Victim,
} from './cluster/feed.js';
export * from './cluster/shown.js';
export { NoScreen } from './screen/abilities.js';
