/**
 * The events that a checker gets. It sees everything in the world at once, which no process inside
 * can.
 */
import type {
  Assignment,
  ClusterId,
  ClusterRecord,
  Entry,
  Epoch,
  Incarnation,
  Instant,
  LifeId,
  Position,
  Post,
  PrimaryMessage,
  PublicKey,
  QueryAnswer,
  Reason,
  Reply,
  RequestNumber,
  RequestResult,
  ServerId,
  SessionCommand,
  SessionId,
  SessionQuery,
  StandbyMessage,
  TailBatch,
  UserName,
} from '@dualping/core';
import type { ServerProcess } from '../server-process.js';
import type { SessionRecord } from '../session-record.js';

/**
 * An invariant is broken. `invariant` is its name, which stays the same while a schedule is shrunk.
 */
export class Violation extends Error {
  override readonly name = 'Violation';
  constructor(
    readonly invariant: string,
    readonly facts: string,
  ) {
    super(`${invariant}: ${facts}`);
  }
}

export interface Request {
  readonly sessionId: SessionId;
  readonly requestNo: RequestNumber;
}

export interface Checker {
  /** A server appended entries to its journal; `asPrimary` says whether they are its own. */
  appended?(server: ServerProcess, entries: readonly Entry[]): void;
  /**
   * What is durable at a server has changed after position `same`. Also called after a crash, and with a new
   * disk.
   */
  diskChanged?(server: ServerProcess, same: number): void;
  /** A server says that it has committed more than before. */
  committed?(server: ServerProcess, from: Position, to: Position): void;
  /** A server tells a client that a request is done. */
  acknowledged?(server: ServerProcess, epoch: Epoch, request: Request, reply: Reply): void;
  /** A server's machine has taken a step. */
  serverStepped?(server: ServerProcess): void;
  /** The server's state was made from a snapshot: at a start, or one that it pulled. */
  serverRebuilt?(server: ServerProcess): void;
  /** A server that starts takes its journal for an older one than a former life had. */
  tookForOlder?(server: ServerProcess): void;
  /** The router's machine has decided this record, and will make it, or a newer one, durable. */
  decided?(record: ClusterRecord): void;
  /** The router's machine gave an output with this assignment, after its decisions so far. */
  spoke?(assignment: Assignment): void;
  /**
   * A supervisor reported the end of a life to the router; `dropped`: the router dropped the member for it.
   */
  crashNoted?(
    member: { readonly cluster: ClusterId; readonly serverId: ServerId },
    incarnation: Incarnation,
    known: Incarnation | undefined,
    dropped: boolean,
  ): void;
  /** The router has started, with this record on its disk. */
  routerStarted?(of: { readonly cluster: ClusterId; readonly record: ClusterRecord | undefined }): void;
  /** The record is durable at the router. */
  recorded?(record: ClusterRecord): void;
  /** The router sends this assignment. */
  told?(assignment: Assignment): void;
  /** The router's machine is about to take a step, at this time of its clock; it meant to by `meantAt`. */
  routerSteps?(at: Instant, meantAt: Instant | undefined): void;
  /**
   * The router ends the stream of a silent member; `unreadMs`: for how long a message of it has been in the
   * router's socket.
   */
  memberSilent?(member: { readonly cluster: ClusterId; readonly serverId: ServerId }, unreadMs: number): void;
  /** The router is about to get a message on a member's stream. */
  memberHeard?(member: { readonly cluster: ClusterId; readonly serverId: ServerId }): void;
  /** The router refuses a member that wants to attach. */
  memberRefused?(member: {
    readonly cluster: ClusterId;
    readonly serverId: ServerId;
    readonly incarnation: Incarnation;
    readonly lifeId: LifeId;
    readonly reason: Reason;
  }): void;
  /** The router welcomes this life of a member. */
  memberWelcomed?(life: {
    readonly cluster: ClusterId;
    readonly serverId: ServerId;
    readonly lifeId: LifeId;
  }): void;
  /** This life of a member answered when the router dialled it back. */
  memberReached?(life: {
    readonly cluster: ClusterId;
    readonly serverId: ServerId;
    readonly lifeId: LifeId;
  }): void;
  /** A client asks the router for the primary after a failed epoch, and is ready to wait. */
  primaryAsked?(question: {
    readonly cluster: ClusterId;
    readonly token: number;
    readonly failedEpoch: Epoch;
  }): void;
  /** The question was answered, refused or cancelled. */
  questionOver?(token: number): void;
  /** The router has got a ping of the primary that it names. */
  primaryPinged?(of: { readonly cluster: ClusterId; readonly epoch: Epoch }): void;
  /** The router's machine has taken a step. */
  routerStepped?(): void;
  /** A session asked for a write. */
  submitted?(session: SessionRecord, ticket: number, command: SessionCommand): void;
  settled?(session: SessionRecord, ticket: number, command: SessionCommand, result: RequestResult): void;
  /** A session's timeline was opened for the first time. */
  timelineBegan?(session: SessionRecord, at: Position): void;
  /** A device that speaks with this key is shown a post. */
  keyShown?(by: { readonly user: UserName; readonly key: PublicKey }, at: Position): void;
  delivered?(session: SessionRecord, posts: readonly Post[]): void;
  /** A read of a session has its answer. */
  answered?(session: SessionRecord, query: SessionQuery, answer: QueryAnswer): void;
  /** The number of a session's unanswered writes at a server has changed. */
  asked?(session: SessionRecord, inFlight: number): void;
  /** A primary says something on a standby's stream. */
  toStandby?(server: ServerProcess, stream: object, message: PrimaryMessage): void;
  /** A primary gets something on a standby's stream. */
  fromStandby?(server: ServerProcess, stream: object, message: StandbyMessage): void;
  /** A server sends this number of posts in one message. */
  shown?(server: ServerProcess, posts: number): void;
  /** A primary sends another cluster something. */
  tellsOthers?(
    server: ServerProcess,
    batch: Omit<TailBatch, 'items'> & { readonly items: readonly unknown[] },
  ): void;
  /**
   * An operator makes a member primary that may lack acknowledged writes; comes before the router decides
   * about it.
   */
  promotedByOperator?(member: { readonly cluster: ClusterId; readonly serverId: ServerId }): void;
  /** All servers of a cluster are asked to stop, before they know it; and all have ended. */
  shutdownBegan?(of: { readonly cluster: ClusterId }): void;
  shutdownDone?(of: { readonly cluster: ClusterId }): void;
  /** Everything is healed, quiet and well. */
  atEnd?(): void;
}

type Hook = keyof Checker;

/** The cluster that an event is about; undefined: all clusters. */
const clusterIn = (fact: unknown): ClusterId | undefined =>
  typeof fact === 'object' && fact !== null && 'cluster' in fact ? (fact.cluster as ClusterId) : undefined;

interface Listener {
  readonly checker: Checker;
  /** It checks only this cluster; undefined: all. */
  readonly cluster: ClusterId | undefined;
}

/** All checkers as one; each gets only the events of its cluster. */
export class Checkers {
  readonly #byHook = new Map<Hook, Listener[]>();

  /** @param cluster the cluster that they check; undefined: all */
  add(cluster: ClusterId | undefined, ...checkers: readonly Checker[]): void {
    for (const checker of checkers)
      for (const hook of HOOKS)
        if (checker[hook] !== undefined) {
          const known = this.#byHook.get(hook) ?? [];
          known.push({ checker, cluster });
          this.#byHook.set(hook, known);
        }
  }

  tell<H extends Hook>(hook: H, ...facts: Parameters<NonNullable<Checker[H]>>): void {
    const listeners = this.#byHook.get(hook);
    if (listeners === undefined) return;
    const about = clusterIn(facts[0]);
    for (const { checker, cluster } of listeners) {
      if (cluster !== undefined && about !== undefined && cluster !== about) continue;
      const look = checker[hook] as (...facts: Parameters<NonNullable<Checker[H]>>) => void;
      look.apply(checker, facts);
    }
  }
}

const HOOKS: readonly Hook[] = [
  'appended',
  'diskChanged',
  'committed',
  'acknowledged',
  'serverStepped',
  'serverRebuilt',
  'tookForOlder',
  'decided',
  'spoke',
  'crashNoted',
  'routerStarted',
  'recorded',
  'told',
  'routerSteps',
  'memberHeard',
  'memberSilent',
  'memberRefused',
  'memberWelcomed',
  'memberReached',
  'primaryAsked',
  'questionOver',
  'primaryPinged',
  'routerStepped',
  'submitted',
  'settled',
  'timelineBegan',
  'keyShown',
  'delivered',
  'answered',
  'asked',
  'toStandby',
  'fromStandby',
  'shown',
  'tellsOthers',
  'promotedByOperator',
  'shutdownBegan',
  'shutdownDone',
  'atEnd',
];
