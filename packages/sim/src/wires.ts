/**
 * The messages between processes: one entry for each kind of stream or call, as in `protos/dualping/v1`.
 */
import type {
  Assignment,
  ClusterId,
  Command,
  CopyHeader,
  Entry,
  Epoch,
  Failure,
  HeldCopy,
  Incarnation,
  ListPage,
  MemberDescription,
  MemberMessage,
  NetworkId,
  OperatorCommand,
  Post,
  PrimaryMessage,
  PublicKey,
  RequestNumber,
  RouterMessage,
  ServerId,
  SessionId,
  SignsOfLife,
  SnapshotQuestion,
  SocialSnapshot,
  StandbyMessage,
  TailBatch,
  TailMessage,
  Term,
  TimelineAnswered,
  TimelineMessage,
  TimelineOpened,
  TimelinePage,
  UserName,
  Written,
} from '@dualping/core';
import type { WriteAnswers } from '@dualping/runtime';

/** A journal as it was copied, with the newest state that its primary had kept. */
export interface Installation {
  readonly entries: readonly Entry[];
  readonly snapshot: SocialSnapshot;
}

/** A server as its supervisor introduces it. */
export type Vouching = Omit<MemberDescription, 'lifeId' | 'welcomedLife'>;

export interface Wires {
  'dual-ping': { up: MemberMessage; down: RouterMessage };
  /** Routers that share a store listen to the one that leads. */
  leader: {
    up: { readonly kind: 'leader' };
    down: { readonly kind: 'leader-is'; readonly term: Term; readonly leads: boolean };
  };
  watch: {
    up: { readonly kind: 'watch'; readonly cluster: ClusterId | undefined };
    down: { readonly kind: 'assignment'; readonly networkId: NetworkId; readonly assignment: Assignment };
  };
  connect: {
    up: { readonly kind: 'connect'; readonly user: UserName };
    down: {
      readonly kind: 'connected';
      readonly networkId: NetworkId;
      readonly cluster: ClusterId;
      readonly clusters: number;
      readonly failoverWaitMs: number;
      readonly assignment: Assignment | undefined;
    };
  };
  'get-available': {
    up: {
      readonly kind: 'get-available';
      readonly cluster: ClusterId;
      readonly failedEpoch: Epoch;
      readonly waitMs: number;
    };
    down: { readonly kind: 'assignment'; readonly networkId: NetworkId; readonly assignment: Assignment };
  };
  crash: {
    up: {
      readonly kind: 'crash';
      readonly cluster: ClusterId;
      readonly serverId: ServerId;
      readonly incarnation: Incarnation;
    };
    down: { readonly kind: 'crash-noted'; readonly dropped: boolean };
  };
  'register-server': {
    up: Vouching & { readonly kind: 'register-server' };
    down: { readonly kind: 'registered' };
  };
  'add-master': {
    up: Vouching & { readonly kind: 'add-master' };
    down: { readonly kind: 'announced' };
  };
  replicate: {
    up: StandbyMessage;
    down: {
      readonly kind: PrimaryMessage['kind'];
      readonly message: PrimaryMessage;
      readonly entries: readonly Entry[];
    };
  };
  /** The standard health question: it is refused unless it names this life of the server. */
  health: { up: { readonly kind: 'health'; readonly service: string }; down: { readonly kind: 'serving' } };
  tail: { up: TailMessage; down: TailBatch };
  snapshot: {
    up: {
      readonly kind: 'get-follower-info';
      readonly question: SnapshotQuestion;
      readonly held: HeldCopy | undefined;
    };
    down:
      | { readonly kind: 'header'; readonly header: CopyHeader; readonly snapshot: SocialSnapshot }
      | { readonly kind: 'records'; readonly previous: number; readonly entries: readonly Entry[] }
      | { readonly kind: 'end' };
  };
  write: {
    up: {
      readonly kind: 'write';
      readonly sessionId: SessionId;
      readonly requestNo: RequestNumber;
      readonly epoch: Epoch;
      readonly command: Command;
      /** The key that the caller has shown to hold, if any. */
      readonly by?: PublicKey | undefined;
    };
    down: { readonly kind: 'written' } & Written;
  };
  operate: {
    up: { readonly kind: 'operate'; readonly epoch: Epoch; readonly command: OperatorCommand };
    down: { readonly kind: 'written' } & Written;
  };
  list: {
    up: {
      readonly kind: 'list';
      readonly user: UserName;
      readonly epoch: Epoch;
      readonly after: UserName | undefined;
      readonly limit: number;
    };
    down: { readonly kind: 'lists'; readonly lists: ListPage };
  };
  timeline: {
    /** `by`: the key that the caller has shown to hold, if any. */
    up: TimelineMessage & { readonly by?: PublicKey | undefined };
    down:
      | ({ readonly kind: 'opened' } & TimelineOpened)
      | { readonly kind: 'sign'; readonly signs: SignsOfLife }
      | { readonly kind: 'posts'; readonly posts: readonly Post[] }
      | ({ readonly kind: 'page' } & TimelinePage)
      | ({ readonly kind: 'answered' } & TimelineAnswered)
      | ({ readonly kind: 'answer' } & WriteAnswers);
  };
}

export type WireKind = keyof Wires;

/** How a stream ended, as one end sees it. */
export type StreamEnd =
  /** The other side closed it in order, with a reason (a gRPC status) or without. */
  | { readonly kind: 'ended'; readonly failure: Failure | undefined }
  /** No process was there, or the connection is gone. */
  | { readonly kind: 'broken' };
