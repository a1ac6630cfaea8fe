/** Everything that the screen shows and the client knows, as one immutable value. */
import type { Answers, Failure, Post, SessionTarget } from '@dualping/client';
import type { Editor } from '../editor/editor.js';
import type { Size } from './geometry.js';

/** `home`: posts by me and those I follow. `mentions`: posts that name me. `@ana`: posts by ana. */
export type TimelineId = 'home' | 'mentions' | `@${string}`;

export interface Clock {
  /** Monotonic ms: for deadlines. */
  readonly monoMs: number;
  /** Ms since 1970: for the times of posts. */
  readonly wallMs: number;
  /**
   * Minutes to add to UTC for the local time at a moment (ms since 1970): daylight saving changes it.
   */
  readonly utcOffsetMinutesAt: (wallMs: number) => number;
}

/** The state of the session, as the header shows it. Instants are monotonic ms. */
export type Connection =
  /** Not yet live for the first time. */
  | { readonly kind: 'connecting'; readonly to: SessionTarget | undefined }
  | {
      readonly kind: 'live';
      readonly target: SessionTarget;
      readonly sinceMs: number;
      /** Why what was written waits: a limit of the server. */
      readonly heldUp?: Failure;
    }
  /**
   * Connecting to another server; the timeline continues after the post at `resumeAfter` (0: none was seen).
   */
  | { readonly kind: 'lost'; readonly because: Failure | undefined; readonly resumeAfter: number }
  /** Live again since a moment ago: shown until `untilMs`, then the state is `live`. */
  | {
      readonly kind: 'resumed';
      readonly target: SessionTarget;
      readonly gapMs: number;
      readonly sinceMs: number;
      readonly untilMs: number;
    }
  /**
   * No server; tries again by itself at `retryAtMs`, or (undefined) is trying now without an answer yet.
   */
  | {
      readonly kind: 'waiting';
      readonly retryAtMs: number | undefined;
      readonly attempt: number;
      readonly because: Failure;
      /** The cluster that it waits for; undefined if there is only one. */
      readonly cluster?: number | undefined;
    }
  | { readonly kind: 'failed'; readonly because: Failure };

/** The history of this session. */
export interface SessionStory {
  /** Before the session was live for the first time, its server is not there yet rather than lost. */
  readonly everLive: boolean;
  readonly moves: number;
  readonly longestGapMs: number;
  readonly lastMove:
    | {
        readonly from: SessionTarget;
        readonly to: SessionTarget;
        readonly gapMs: number;
        readonly wallMs: number;
      }
    | undefined;
  /** Posts that were received, live and in pages. */
  readonly received: number;
  readonly acknowledged: number;
}

export interface Person {
  readonly name: string;
  /** Has a timeline open somewhere. */
  readonly present: boolean;
  readonly followed: boolean;
  readonly followsMe: boolean;
}

/** A post of mine that has not arrived on the timeline yet. */
export interface Outgoing {
  readonly id: number;
  readonly text: string;
  /** The post that it answers. */
  readonly answers?: Answers;
  readonly wallMs: number;
  readonly status:
    | { readonly kind: 'sending' }
    /** Acknowledged; it arrives on the timeline in a moment. */
    | { readonly kind: 'sent'; readonly position: number }
    /** `unknown`: it can't be known any more whether it was posted. */
    | {
        readonly kind: 'failed';
        readonly reason: string;
        readonly detail: string;
        readonly unknown: boolean;
      };
}

/** The reader's place in a timeline. */
export interface Place {
  /**
   * `newest`: the screen follows the end. Else the first shown row: `rows` rows of the item `key` are above
   * the screen.
   */
  readonly top: 'newest' | { readonly key: ItemKey; readonly rows: number };
  /** The item that keys act on; undefined: none, as at the end. */
  readonly selected: ItemKey | undefined;
  /** Position of the last post that counts as read. */
  readonly readUpTo: number;
  /** The divider: posts after this position are new since `sinceWallMs`; undefined: no divider. */
  readonly divider: { readonly after: number; readonly sinceWallMs: number } | undefined;
}

/** The position of a post, or minus the id of an outgoing one. */
export type ItemKey = number;

export interface PostItem {
  readonly kind: 'post';
  readonly key: ItemKey;
  readonly post: Post;
  readonly mentionsMe: boolean;
}

export interface OutgoingItem {
  readonly kind: 'outgoing';
  readonly key: ItemKey;
  readonly outgoing: Outgoing;
}

export type Item = PostItem | OutgoingItem;

/** A line of the sidebar that can be selected. */
export type SidebarEntry =
  | { readonly kind: 'timeline'; readonly id: TimelineId }
  /** A person whom I follow. */
  | { readonly kind: 'followed'; readonly name: string }
  /** A person whom I could follow. */
  | { readonly kind: 'suggested'; readonly name: string };

export type Theme = 'dark' | 'light' | 'plain';

export interface Settings {
  /** `plain`: no colours. */
  readonly theme: Theme;
  readonly mouse: boolean;
  readonly times: 'relative' | 'absolute';
  /** Rings for a mention while the window does not have the focus. */
  readonly bell: boolean;
}

/** The line at the bottom in which a command or a search is typed, instead of the composer. */
export interface Prompt {
  readonly kind: 'command' | 'search';
  readonly editor: Editor;
  /** Completions of the last word, best first. */
  readonly completions: readonly string[];
  /** Index of the completion that is filled in; -1: none. */
  readonly chosen: number;
}

export type Overlay =
  | { readonly kind: 'help'; readonly scroll: number }
  /** All facts about the session. */
  | { readonly kind: 'info'; readonly scroll: number }
  /** All people whose name contains `part`, from `:list`. */
  | { readonly kind: 'people'; readonly scroll: number; readonly part?: string }
  /** The post that the one at `of` answers, if it is not in the open timeline. */
  | {
      readonly kind: 'answered';
      readonly scroll: number;
      readonly of: ItemKey;
      readonly answers: Answers;
      readonly found: PostItem | 'asking' | 'unknown' | { readonly problem: string };
    };

export interface Notice {
  readonly kind: 'said' | 'problem';
  readonly text: string;
  readonly untilMs: number;
}

export interface State {
  readonly me: string;
  readonly routers: readonly string[];
  readonly size: Size;
  readonly clock: Clock;
  /** Alerts are only for posts written after this. */
  readonly startedWallMs: number;
  /** There is no saved data from an earlier run: older posts count as read. */
  readonly isFirstVisit: boolean;
  readonly connection: Connection;
  readonly story: SessionStory;

  /** All known posts, ascending by position: live ones and loaded older ones. */
  readonly posts: readonly PostItem[];
  /** There are no older posts to load. */
  readonly reachedOldest: boolean;
  readonly loadingOlder: boolean;
  /** How many pages may still be loaded to find posts for the open timeline. */
  readonly pagesLeft: number;
  readonly outbox: readonly Outgoing[];
  /** Last id of an outgoing post; ids only rise. */
  readonly lastOutgoing: number;
  /** Own posts that were acknowledged a moment ago: position, and until when that is shown, monotonic ms. */
  readonly fresh: ReadonlyMap<number, number>;
  readonly unread: ReadonlyMap<TimelineId, number>;

  /** All others, by name; undefined: not known yet. */
  readonly people: readonly Person[] | undefined;
  /** My followers, as far as they were ever known; undefined: never known. */
  readonly followers: ReadonlySet<string> | undefined;
  /**
   * New followers: those not seen yet, and those shown over Mentions while that is open.
   */
  readonly newFollowers: { readonly unseen: readonly string[]; readonly shown: readonly string[] };

  readonly timeline: TimelineId;
  readonly places: ReadonlyMap<TimelineId, Place>;
  readonly focus: 'timeline' | 'sidebar' | 'composer';
  /** Index in the sidebar's entries. */
  readonly sidebarAt: number;
  /** The unsent text of each timeline. */
  readonly drafts: ReadonlyMap<TimelineId, Editor>;
  /** The post that a draft answers, if any. */
  readonly answering: ReadonlyMap<TimelineId, Answers>;
  /** Texts that were sent, newest last: Up in an empty composer brings them back. */
  readonly sentTexts: readonly string[];
  /** Commands that were given, newest last. */
  readonly givenCommands: readonly string[];
  /** How far back Up has gone in `sentTexts` or `givenCommands`; 0: not at all. */
  readonly recalled: number;
  readonly prompt: Prompt | undefined;
  /** The search in the timeline; undefined: none. */
  readonly search: string | undefined;
  /** The search continues in older posts: all from position `before` on have been searched. */
  readonly seeking: { readonly before: number } | undefined;
  readonly overlay: Overlay | undefined;
  readonly notice: Notice | undefined;
  /** Only the posts are shown, and the terminal has the mouse, to select text. */
  readonly bare: boolean;
  readonly settings: Settings;
  /** The theme follows the terminal's background, because the person has not chosen one. */
  readonly followsBackground: boolean;
  /**
   * Whether the terminal's window has the focus; undefined: the terminal has never reported it (tmux by
   * default never does).
   */
  readonly windowFocused: boolean | undefined;
  /** When the person last did something here, monotonic ms. */
  readonly lastInputMs: number;
  readonly quitting: boolean;
  /** The first key, while the second of two is awaited. */
  readonly chord: string | undefined;
  /** The people whose posts never count as new, and those whose posts are not shown. */
  readonly muted: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
}
