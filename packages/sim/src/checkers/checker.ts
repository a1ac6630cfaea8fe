/** What a checker can hear of. It sees everything in the world at once, which nobody inside it does. */
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
} from '@dualping/core';
import type { ServerProcess } from '../server-process.js';
import type { SessionRecord } from '../session-record.js';

/**
 * Something that must never be false is. `invariant` is its name, which stays the same while a schedule is
 * shrunk.
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
  /** A server put entries at the end of its journal; `asPrimary` says whether they are its own. */
  appended?(server: ServerProcess, entries: readonly Entry[]): void;
  /**
   * What is durable at a server has changed; up to `same` it is as it was. Also after a crash, with a new
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
  /** The router's machine has decided it, and will make it, or something newer, durable. */
  decided?(record: ClusterRecord): void;
  /** The router's machine wants it told, after all that it has decided so far. */
  spoke?(assignment: Assignment): void;
  /** The router was told of the end of a life by its supervisor; `dropped`: and dropped the member for it. */
  crashNoted?(
    member: { readonly cluster: ClusterId; readonly serverId: ServerId },
    incarnation: Incarnation,
    known: Incarnation | undefined,
    dropped: boolean,
  ): void;
  /** The router has started, with this on its disk. */
  routerStarted?(of: { readonly cluster: ClusterId; readonly record: ClusterRecord | undefined }): void;
  /** Durable at the router. */
  recorded?(record: ClusterRecord): void;
  /** The router tells somebody. */
  told?(assignment: Assignment): void;
  /** The router's machine is about to take a step, at this time of its clock. */
  routerSteps?(at: Instant): void;
  /** The router is about to hear a member on its stream. */
  memberHeard?(member: { readonly cluster: ClusterId; readonly serverId: ServerId }): void;
  /** The router refuses whoever wants to attach. */
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
  /** Somebody asks the router for the primary after the one of an epoch that failed, and is ready to wait. */
  primaryAsked?(question: {
    readonly cluster: ClusterId;
    readonly token: number;
    readonly failedEpoch: Epoch;
  }): void;
  /** The question was answered or refused, or nobody waits for the answer any more. */
  questionOver?(token: number): void;
  /** The router has heard a ping of the primary that it tells of. */
  primaryPinged?(of: { readonly cluster: ClusterId; readonly epoch: Epoch }): void;
  /** The router's machine has taken a step. */
  routerStepped?(): void;
  /** A session asked for something to be done. */
  submitted?(session: SessionRecord, ticket: number, command: SessionCommand): void;
  settled?(session: SessionRecord, ticket: number, command: SessionCommand, result: RequestResult): void;
  /** A session's timeline was opened for the first time. */
  timelineBegan?(session: SessionRecord, at: Position): void;
  delivered?(session: SessionRecord, posts: readonly Post[]): void;
  /** A read of a session has its answer. */
  answered?(session: SessionRecord, query: SessionQuery, answer: QueryAnswer): void;
  /** A session has so many writes unanswered at a server. */
  asked?(session: SessionRecord, inFlight: number): void;
  /** A primary says something on a standby's stream. */
  toStandby?(server: ServerProcess, stream: object, message: PrimaryMessage): void;
  /** A primary hears something on a standby's stream. */
  fromStandby?(server: ServerProcess, stream: object, message: StandbyMessage): void;
  /** A server sends so many posts in one message. */
  shown?(server: ServerProcess, posts: number): void;
  /** A primary tells another cluster something. */
  tellsOthers?(
    server: ServerProcess,
    batch: Omit<TailBatch, 'items'> & { readonly items: readonly unknown[] },
  ): void;
  /**
   * An operator makes a member primary that may lack acknowledged writes; comes before the router decides
   * about it.
   */
  promotedByOperator?(member: { readonly cluster: ClusterId; readonly serverId: ServerId }): void;
  /** All servers of a cluster are asked to stop, before they hear of it; and all have ended. */
  shutdownBegan?(of: { readonly cluster: ClusterId }): void;
  shutdownDone?(of: { readonly cluster: ClusterId }): void;
  /** Everything is healed, quiet and well. */
  atEnd?(): void;
}

type Hook = keyof Checker;

/** Which cluster something is about; all of them, if it doesn't say. */
const clusterIn = (fact: unknown): ClusterId | undefined =>
  typeof fact === 'object' && fact !== null && 'cluster' in fact ? (fact.cluster as ClusterId) : undefined;

interface Listener {
  readonly checker: Checker;
  /** It looks at this cluster alone. */
  readonly cluster: ClusterId | undefined;
}

/** All checkers as one; each is asked only about what it looks at. */
export class Checkers {
  readonly #byHook = new Map<Hook, Listener[]>();

  /** @param cluster what they look at; undefined: everything */
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
  'decided',
  'spoke',
  'crashNoted',
  'routerStarted',
  'recorded',
  'told',
  'routerSteps',
  'memberHeard',
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
