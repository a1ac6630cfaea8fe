/** What a journal holds: the accepted commands, in the one order in which every server applies them. */
import type {
  ClusterId,
  CodeHash,
  Epoch,
  Position,
  PublicKey,
  RequestNumber,
  ServerId,
  SessionId,
  UserName,
  WallTimeMs,
} from './ids.js';
import { unreachable } from './invariants.js';
import type { SocialReason } from './reasons.js';
import type { KeyLogin } from './social/name-keys.js';

/** Names a post by its place in the journal of its author's cluster. */
export interface PostReference {
  /**
   * The cluster of its author; absent: the cluster whose journal, timeline or message contains this
   * reference.
   */
  readonly home?: ClusterId;
  readonly position: Position;
  readonly author: UserName;
}

/** The post that is answered. */
export interface Answers extends PostReference {
  /**
   * Its first words, read from the journal of the server that accepted the answer; absent: it could not read
   * them.
   */
  readonly begin?: string;
}

/** What a client can ask for. The user is the one whose session asks. */
export type Command =
  /** Login: makes the user if it does not exist, and binds the session to the user. */
  | { readonly kind: 'register'; readonly user: UserName; readonly login?: KeyLogin }
  /** This code admits another device of the user. */
  | {
      readonly kind: 'invite-device';
      readonly user: UserName;
      readonly code: CodeHash;
      readonly untilMs: WallTimeMs;
    }
  | { readonly kind: 'revoke-key'; readonly user: UserName; readonly key: PublicKey }
  | { readonly kind: 'follow'; readonly user: UserName; readonly target: UserName }
  | { readonly kind: 'unfollow'; readonly user: UserName; readonly target: UserName }
  | {
      readonly kind: 'post';
      readonly user: UserName;
      readonly text: string;
      readonly answers?: Answers;
    };

/** An operator's command. A repetition with the same code changes nothing. */
export type OperatorCommand =
  /** Invites a new user: with this name, or without one with any name that has no key. */
  | {
      readonly kind: 'invite';
      readonly code: CodeHash;
      readonly untilMs: WallTimeMs;
      readonly user?: UserName;
    }
  /** Revokes all keys of a name; the code admits its owner again. */
  | {
      readonly kind: 'reset-keys';
      readonly user: UserName;
      readonly code: CodeHash;
      readonly untilMs: WallTimeMs;
    };

/** Where something was committed first: a cluster, and a position in its journal. */
export interface Origin {
  readonly cluster: ClusterId;
  readonly position: Position;
}

/** What a primary has read from the primary of another cluster, in the order of that cluster's journal. */
export type RemoteCommand =
  /** A user who logged in there for the first time. */
  | { readonly kind: 'remote-user'; readonly user: UserName; readonly origin: Origin }
  /** A post by an author who is followed from here; the entry's time is when it was accepted there. */
  | {
      readonly kind: 'remote-post';
      readonly user: UserName;
      readonly text: string;
      readonly answers?: Answers;
      readonly origin: Origin;
    }
  /** A user there follows, or no longer follows, one of this cluster's users. */
  | {
      readonly kind: 'remote-follow' | 'remote-unfollow';
      readonly user: UserName;
      readonly target: UserName;
      readonly origin: Origin;
    }
  /**
   * Everything wanted up to the origin position is here. A follow that comes next begins at that position.
   */
  | { readonly kind: 'remote-through'; readonly origin: Origin };

/**
 * What a journal can hold: clients' commands, what was read from other clusters, and the start of an epoch.
 */
export type JournalCommand =
  | Command
  | OperatorCommand
  | RemoteCommand
  | { readonly kind: 'epoch-start'; readonly serverId: ServerId };

export function isClientCommand(command: JournalCommand): command is Command {
  switch (command.kind) {
    case 'register':
    case 'follow':
    case 'unfollow':
    case 'post':
    case 'invite-device':
    case 'revoke-key':
      return true;
    case 'invite':
    case 'reset-keys':
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

export const isOperatorCommand = (command: JournalCommand): command is OperatorCommand =>
  command.kind === 'invite' || command.kind === 'reset-keys';

export function isRemoteCommand(command: JournalCommand): command is RemoteCommand {
  return !isClientCommand(command) && !isOperatorCommand(command) && command.kind !== 'epoch-start';
}

/** The post that an entry holds, of this cluster or another; undefined when it holds something else. */
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

/** The reference by which an answer names this post. */
export const referenceTo = ({ position, author, origin }: Post): PostReference =>
  origin === undefined ? { position, author } : { home: origin.cluster, position: origin.position, author };

/** A reference to a post, translated from cluster `from` to cluster `here` (`home` is relative). */
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
  /** Wall clock of the primary that accepted it: shown to users; decides whether a code has expired. */
  readonly timeMs: WallTimeMs;
  /** Empty for entries without a session: no client asked for them. */
  readonly sessionId: SessionId;
  /** 0 for entries without a session. */
  readonly requestNo: RequestNumber;
  readonly command: JournalCommand;
}

/** Where an epoch begins in a journal; comparing two lists of these shows where two journals diverge. */
export interface EpochStart {
  readonly epoch: Epoch;
  readonly position: Position;
}

/** The one outcome of an applied request: a repeated request gets the same. */
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
  /** Where it was accepted, if its author belongs to another cluster. */
  readonly origin?: Origin;
  /** Its reader does not follow its author: it is shown because it names the reader. */
  readonly unfollowed?: true;
}
