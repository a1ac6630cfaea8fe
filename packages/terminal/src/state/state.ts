/** Everything that the screen shows, and all that the client knows: one immutable value. */
import type { Answers, Failure, Post, SessionTarget } from '@dualping/client';
import type { Editor } from '../editor/editor.js';
import type { Size } from './geometry.js';

/** `home`: all that reaches me. `mentions`: those of them that name me. `@ana`: those that ana wrote. */
export type TimelineId = 'home' | 'mentions' | `@${string}`;

export interface Clock {
  /** Monotonic ms: for deadlines. */
  readonly monoMs: number;
  /** Ms since 1970: for the times of posts. */
  readonly wallMs: number;
  /**
   * What is to be added to UTC for the time of day here at a moment (ms since 1970): daylight saving changes
   * it.
   */
  readonly utcOffsetMinutesAt: (wallMs: number) => number;
}

/** Where the session is, as the header tells it. Instants are monotonic ms. */
export type Connection =
  /** Not yet live for the first time. */
  | { readonly kind: 'connecting'; readonly to: SessionTarget | undefined }
  | { readonly kind: 'live'; readonly target: SessionTarget; readonly sinceMs: number }
  /** On its way to another server; goes on after the post at `resumeAfter` (0: none was seen). */
  | { readonly kind: 'lost'; readonly because: Failure | undefined; readonly resumeAfter: number }
  /** Live again a moment ago: said until `untilMs`, then it is `live`. */
  | {
      readonly kind: 'resumed';
      readonly target: SessionTarget;
      readonly gapMs: number;
      readonly sinceMs: number;
      readonly untilMs: number;
    }
  /**
   * Nobody to talk to; tries again by itself at `retryAtMs`, or is just trying (undefined) and knows nothing
   * better yet.
   */
  | {
      readonly kind: 'waiting';
      readonly retryAtMs: number | undefined;
      readonly attempt: number;
      readonly because: Failure;
      /** Of the clusters the one that it waits for; undefined where there is only one. */
      readonly cluster?: number | undefined;
    }
  | { readonly kind: 'failed'; readonly because: Failure };

/** What this session has been through. */
export interface SessionStory {
  /** What is not there yet is not lost. */
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
  /** Live posts and pages that were received. */
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

/** A post of mine that the timeline has not brought yet. */
export interface Outgoing {
  readonly id: number;
  readonly text: string;
  /** The post that it answers. */
  readonly answers?: Answers;
  readonly wallMs: number;
  readonly status:
    | { readonly kind: 'sending' }
    /** Acknowledged; the timeline brings it in a moment. */
    | { readonly kind: 'sent'; readonly position: number }
    /** `unknown`: nobody can say any more whether it was posted. */
    | {
        readonly kind: 'failed';
        readonly reason: string;
        readonly detail: string;
        readonly unknown: boolean;
      };
}

/** Where one reads in a timeline. */
export interface Place {
  /**
   * `newest`: the end, and it stays the end. Else the first row shown: `rows` rows of the item `key` lie
   * above the screen.
   */
  readonly top: 'newest' | { readonly key: ItemKey; readonly rows: number };
  /** The item that keys act on; undefined: none, at the end. */
  readonly selected: ItemKey | undefined;
  /** Position of the last post that counts as read. */
  readonly readUpTo: number;
  /** Posts after this position are new since `sinceWallMs`: where the divider stands; undefined: nowhere. */
  readonly divider: { readonly after: number; readonly sinceWallMs: number } | undefined;
}

/** A post goes by its position, what is on its way by minus its id. */
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

/** A line of the sidebar on which one can stand. */
export type SidebarEntry =
  | { readonly kind: 'timeline'; readonly id: TimelineId }
  /** Somebody whom I follow. */
  | { readonly kind: 'followed'; readonly name: string }
  /** Somebody to follow. */
  | { readonly kind: 'suggested'; readonly name: string };

export type Theme = 'dark' | 'light' | 'plain';

export interface Settings {
  /** `plain`: no colours. */
  readonly theme: Theme;
  readonly mouse: boolean;
  readonly times: 'relative' | 'absolute';
  /** Rings for a mention while the window is not in focus. */
  readonly bell: boolean;
}

/** The line at the bottom in which a command or a search is typed, instead of the composer. */
export interface Prompt {
  readonly kind: 'command' | 'search';
  readonly editor: Editor;
  /** What the last word could become, best first. */
  readonly completions: readonly string[];
  /** Which of them is filled in; -1: none. */
  readonly chosen: number;
}

export type Overlay =
  | { readonly kind: 'help'; readonly scroll: number }
  /** The session, in full. */
  | { readonly kind: 'info'; readonly scroll: number }
  /** Everybody whose name has `part` in it, from `:list`. */
  | { readonly kind: 'people'; readonly scroll: number; readonly part?: string }
  /** What the post at `of` answers, where it is not in the timeline that is open. */
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
  /** Alerts are for what was written after this. */
  readonly startedWallMs: number;
  /** Nothing was kept from an earlier run: what was written before counts as read. */
  readonly isFirstVisit: boolean;
  readonly connection: Connection;
  readonly story: SessionStory;

  /** All posts known, ascending by position: what came live and what was read back. */
  readonly posts: readonly PostItem[];
  /** Nothing older is left to load. */
  readonly reachedOldest: boolean;
  readonly loadingOlder: boolean;
  /** Pages that may still be loaded to find something for the timeline that is open. */
  readonly pagesLeft: number;
  readonly outbox: readonly Outgoing[];
  /** Ids of outgoing posts only rise. */
  readonly lastOutgoing: number;
  /** Own posts that were acknowledged a moment ago, by position: until when that is shown, monotonic ms. */
  readonly fresh: ReadonlyMap<number, number>;
  readonly unread: ReadonlyMap<TimelineId, number>;

  /** By name, me left out; undefined: not known yet. */
  readonly people: readonly Person[] | undefined;
  /** Who follows me, as far as it was told ever; undefined: it never was. */
  readonly followers: ReadonlySet<string> | undefined;
  /**
   * Who has come to follow me: those who are not seen yet, and those over Mentions as long as that is open.
   */
  readonly newFollowers: { readonly unseen: readonly string[]; readonly shown: readonly string[] };

  readonly timeline: TimelineId;
  readonly places: ReadonlyMap<TimelineId, Place>;
  readonly focus: 'timeline' | 'sidebar' | 'composer';
  /** Index in the sidebar's entries. */
  readonly sidebarAt: number;
  /** What is written in each timeline and not sent. */
  readonly drafts: ReadonlyMap<TimelineId, Editor>;
  /** The post that it answers, where it answers one. */
  readonly answering: ReadonlyMap<TimelineId, Answers>;
  /** Texts that were sent, newest last: Up in an empty composer brings them back. */
  readonly sentTexts: readonly string[];
  /** Commands that were given, newest last. */
  readonly givenCommands: readonly string[];
  /** How far back one is in `sentTexts` or `givenCommands`; 0: not. */
  readonly recalled: number;
  readonly prompt: Prompt | undefined;
  /** What is searched for in the timeline; undefined: nothing. */
  readonly search: string | undefined;
  /** The search goes on through the past: all posts from position `before` on have been looked at. */
  readonly seeking: { readonly before: number } | undefined;
  readonly overlay: Overlay | undefined;
  readonly notice: Notice | undefined;
  /** Nothing beside the posts, and the mouse is the terminal's: to select text. */
  readonly bare: boolean;
  readonly settings: Settings;
  /** The theme is that of the terminal, as long as the person has not chosen one. */
  readonly followsBackground: boolean;
  /**
   * Whether the terminal's window has the focus; undefined: it has never said, and tmux by default never
   * does.
   */
  readonly windowFocused: boolean | undefined;
  /** When the person last did something here. Monotonic. */
  readonly lastInputMs: number;
  readonly quitting: boolean;
  /** The first of two keys that follow one another. */
  readonly chord: string | undefined;
  /** Whose posts count as nothing new, and whose are not shown. */
  readonly muted: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
}
