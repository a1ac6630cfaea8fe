export type { Clock } from './clock.js';
export { type Entry, FencedStore, type FencedStorePorts } from './fenced-store.js';
export {
  LeadershipDriver,
  type LeadershipPorts,
  type PeerListener,
  type Peers,
} from './leadership-driver.js';
export { type LoopPorts, MachineLoop } from './machine-loop.js';
export { MemberDriver, type MemberPorts, type OpenedRouter, type RouterListener } from './member-driver.js';
export { BACKGROUND_CLOCK, PROCESS_CLOCK } from './process-clock.js';
export { RegistryDriver, type RegistryFence, type RegistryPorts } from './registry-driver.js';
export { ReplicaDriver } from './replica-driver.js';
export type {
  DiskAsker,
  JournalListener,
  MemberProbe,
  OpenedStream,
  PrimaryListener,
  ReplicaJournal,
  ReplicaNetwork,
  ReplicaPorts,
  SnapshotCall,
  SnapshotListener,
  SnapshotPull,
  StandbyStream,
  Stopped,
  StreamListener,
  TailReader,
} from './replica-ports.js';
export {
  type ClientTimeline,
  type Reader,
  type ServerCalls,
  ServerLink,
  type TimelineOpen,
  type TimelineReader,
} from './server-link.js';
export {
  type Asker,
  type AvailableQuestion,
  type Cancel,
  type Introduction,
  type Resolution,
  SessionDriver,
  type SessionLink,
  type SessionListener,
  type SessionNetwork,
} from './session-driver.js';
export {
  type Failed,
  isFailed,
  type SharedStore,
  type TransactionOutcome,
  type Tries,
  tryUntilAnswered,
} from './shared-store.js';
export {
  type KeepAliveClient,
  type KeepAliveListener,
  type ProcessListener,
  type SupervisedProcess,
  SupervisorDriver,
  type SupervisorPorts,
} from './supervisor-driver.js';
export { SupervisorWatchDriver, type SupervisorWatchPorts } from './supervisor-watch-driver.js';
export type { StoredPage, StoredPosts, TimelineSink } from './timeline-sink.js';
export type { TimelineListener, TimelineOpening } from './timeline-streams.js';
export type { WriteAnswers } from './timeline-writes.js';
export { PROCESS_TURNS, type Turns } from './turns.js';
