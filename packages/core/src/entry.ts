/** What a journal holds: commands that were accepted, in the one order that every server applies them. */
import type {
  ClusterId,
  Epoch,
  Position,
  RequestNumber,
  ServerId,
  SessionId,
  UserName,
  WallTimeMs,
} from './ids.js';
import { unreachable } from './invariants.js';
import type { SocialReason } from './reasons.js';

/** A post, by the place at which the cluster of its author accepted it. */
export interface PostReference {
  /** The cluster of its author; absent: the one whose journal, timeline or message this stands in. */
  readonly home?: ClusterId;
  readonly position: Position;
  readonly author: UserName;
}

/** The post that another one answers. */
export interface Answers extends PostReference {
  /** Its first words, as the server that took the answer read them in its journal; absent: it could not. */
  readonly begin?: string;
}

/** What a client can ask to be done. The user is the one whose session asks. */
export type Command =
  /** Login: makes the user on first sight, and binds the session to the user. */
  | { readonly kind: 'register'; readonly user: UserName }
  | { readonly kind: 'follow'; readonly user: UserName; readonly target: UserName }
  | { readonly kind: 'unfollow'; readonly user: UserName; readonly target: UserName }
  | {
      readonly kind: 'post';
      readonly user: UserName;
      readonly text: string;
      readonly answers?: Answers;
    };

/** Where something was committed first: a place in the journal of the cluster that it happened in. */
export interface Origin {
  readonly cluster: ClusterId;
  readonly position: Position;
}

/** What a primary has heard from the primary of another cluster, in the order of that cluster's journal. */
export type RemoteCommand =
  /** A user who logged in there for the first time. */
  | { readonly kind: 'remote-user'; readonly user: UserName; readonly origin: Origin }
  /** A post by someone who is followed from here; the entry's time is when it was accepted there. */
  | {
      readonly kind: 'remote-post';
      readonly user: UserName;
      readonly text: string;
      readonly answers?: Answers;
      readonly origin: Origin;
    }
  /** Who follows, or no longer follows, one of this cluster's users: a change that was committed there. */
  | {
      readonly kind: 'remote-follow' | 'remote-unfollow';
      readonly user: UserName;
      readonly target: UserName;
      readonly origin: Origin;
    }
  /** Everything up to there is here, as far as it was wanted: where a follow that comes next begins. */
  | { readonly kind: 'remote-through'; readonly origin: Origin };

/**
 * What a journal can hold: clients' commands, what was heard from other clusters, and the opening of an
 * epoch.
 */
export type JournalCommand =
  | Command
  | RemoteCommand
  | { readonly kind: 'epoch-start'; readonly serverId: ServerId };

export function isClientCommand(command: JournalCommand): command is Command {
  switch (command.kind) {
    case 'register':
    case 'follow':
    case 'unfollow':
    case 'post':
      return true;
    case 'remote-user':
    case 'remote-post':
    case 'remote-follow':
    case 'remote-unfollow':
    case 'remote-through':
    case 'epoch-start':
      return false;
    default:
      return unreachable(command);
  }
}

export function isRemoteCommand(command: JournalCommand): command is RemoteCommand {
  return !isClientCommand(command) && command.kind !== 'epoch-start';
}

/** The post that an entry holds, from wherever; undefined when it holds something else. */
export function postIn({ command, position, timeMs }: Entry): Post | undefined {
  if (command.kind !== 'post' && command.kind !== 'remote-post') return undefined;
  const { user: author, text, answers } = command;
  return {
    position,
    author,
    text,
    timeMs,
    ...(answers !== undefined && { answers }),
    ...(command.kind === 'remote-post' && { origin: command.origin }),
  };
}

/** A post as others can name it. */
export const referenceTo = ({ position, author, origin }: Post): PostReference =>
  origin === undefined ? { position, author } : { home: origin.cluster, position: origin.position, author };

/** What cluster `from` says of a post, as cluster `here` puts it. */
export function referenceIn<Reference extends PostReference>(
  here: ClusterId,
  from: ClusterId,
  { home = from, ...rest }: Reference,
): Omit<Reference, 'home'> & { readonly home?: ClusterId } {
  return home === here ? rest : { ...rest, home };
}

export interface Entry {
  readonly position: Position;
  readonly epoch: Epoch;
  /** Wall clock of the primary that accepted it: for people, decides nothing. */
  readonly timeMs: WallTimeMs;
  /** Empty for entries of no session: all that no client asked for. */
  readonly sessionId: SessionId;
  /** 0 for entries of no session. */
  readonly requestNo: RequestNumber;
  readonly command: JournalCommand;
}

/** Where an epoch begins in a journal; the list of them tells where two journals part. */
export interface EpochStart {
  readonly epoch: Epoch;
  readonly position: Position;
}

/** Outcome of an applied request, the first and only one: a repeated request gets the same. */
export type Reply =
  | { readonly kind: 'ok'; readonly position: Position }
  | { readonly kind: 'refused'; readonly position: Position; readonly reason: SocialReason };

/** A post as timelines carry it. */
export interface Post {
  readonly position: Position;
  readonly author: UserName;
  readonly text: string;
  readonly timeMs: WallTimeMs;
  /** The post that it answers. */
  readonly answers?: Answers;
  /** Where it was accepted, if its author is of another cluster. */
  readonly origin?: Origin;
  /** Its reader does not follow its author: it is there because it names the reader. */
  readonly unfollowed?: true;
}
