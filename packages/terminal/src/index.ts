export { type ClientOptions, runClient } from './app/run-client.js';
export { type ClusterViewOptions, runClusterView } from './app/run-cluster-view.js';
export type {
  ClusterEvent,
  ClusterFeed,
  Controls,
  Counts,
  FaultKind,
  Takeover,
  Victim,
} from './cluster/feed.js';
export { chartTopMs, LEAST_FOR_P95 } from './cluster/takeovers.js';
export { NoScreen } from './screen/abilities.js';
