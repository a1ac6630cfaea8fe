/** The router of a world, or its routers together, as others look at them: nemesis, operator, checkers. */
import type { Assignment, ClusterId, ClusterRecord, ServerId } from '@dualping/core';
import type { RouterFolder } from './router-disk.js';

/** How faults name the router that leads, where there are several. */
export const ROUTER = 'router';

/** What an operator may order of a cluster. */
export type OperatorOrder = 'pause' | 'rest' | 'resume';

export interface RouterView {
  /** Of the process that decides now; when none does, of the first. */
  readonly name: string;
  /** What is recorded of a cluster. */
  recordOf(cluster: ClusterId): ClusterRecord | undefined;
  /** What is told of a cluster now; undefined while no router decides. */
  assignmentOf(cluster: ClusterId): Assignment | undefined;
  /** An operator asks the primary to hand over. */
  handOver(cluster: ClusterId): void;
  /** An operator makes a member primary that may lack acknowledged writes. */
  promoteUnclean(cluster: ClusterId, serverId: ServerId, acceptLoss: boolean): void;
  /** Nothing comes of it while no router decides. */
  order(kind: OperatorOrder, cluster: ClusterId): void;
}

/** Where it keeps its records. */
export interface RouterStore {
  /** A copy of what is there. */
  folder(): RouterFolder;
  /** Another takes the place of what is there, while no router runs. */
  putIn(folder: RouterFolder): void;
  /** Nothing is written until the returned function is called. */
  hang(): () => void;
  /** Every write takes so much longer, until the returned function is called. */
  slowDown(ms: number): () => void;
  /** It is neither away nor slow. */
  readonly isWell: boolean;
  /** What is recorded may yet become something that was decided before. */
  readonly isInDoubt: boolean;
}
