/**
 * A client for tests without a terminal, a network or a clock: keys and events go in, the screen and the
 * effects come out.
 */
import type { Post, PresenceLists, SessionState, SessionTarget } from '@dualping/client';
import { plainText } from '../view/row.js';
import { view } from '../view/view.js';
import type { Effect, Event } from './events.js';
import { initialState, type Kept } from './initial.js';
import type { Clock, State } from './state.js';
import { step } from './step.js';

const NOTHING_KEPT: Kept = { drafts: new Map(), unsent: [], readUpTo: new Map(), sentTexts: [] };
/** 2026-11-21 12:41 UTC. */
export const NOON_MS = Date.UTC(2026, 10, 21, 12, 41);

export const target = (serverId: number, epoch: number): SessionTarget =>
  ({ serverId, epoch, address: `127.0.0.1:900${serverId}` }) as SessionTarget;

interface Options {
  readonly width?: number;
  readonly height?: number;
  readonly kept?: Partial<Kept>;
}

export class Stage {
  state: State;
  effects: Effect[] = [];
  #monoMs = 1_000;
  #lastPosition = 0;

  constructor({ width = 80, height = 24, kept = {} }: Options = {}) {
    this.state = initialState({
      me: 'mira',
      routers: ['127.0.0.1:7070'],
      size: { width, height },
      clock: this.#clock(),
      settings: { theme: 'plain', mouse: true, times: 'relative', bell: false },
      followsBackground: true,
      kept: { ...NOTHING_KEPT, ...kept },
    });
  }

  #clock(): Clock {
    return { monoMs: this.#monoMs, wallMs: NOON_MS + this.#monoMs - 1_000, utcOffsetMinutesAt: () => 0 };
  }

  tell(event: Event): this {
    const { state, effects } = step(this.state, this.#clock(), event);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  pass(ms: number): this {
    this.#monoMs += ms;
    return this.tell({ kind: 'clock' });
  }

  session(session: object): this {
    return this.tell({ kind: 'session', session: session as SessionState });
  }

  live(serverId = 1, epoch = 1): this {
    return this.session({ kind: 'live', target: target(serverId, epoch) });
  }

  /** Keys by name. */
  press(...names: readonly string[]): this {
    for (const name of names) {
      const isText = [...name].length === 1;
      this.tell({ kind: 'token', token: { kind: 'key', name, text: isText ? name : undefined } });
    }
    return this;
  }

  type(text: string): this {
    for (const character of text)
      this.tell({
        kind: 'token',
        token: { kind: 'key', name: character === ' ' ? 'space' : character, text: character },
      });
    return this;
  }

  paste(text: string): this {
    return this.tell({ kind: 'token', token: { kind: 'paste', text } });
  }

  /** Turns the wheel over the posts. */
  wheel(direction: 'up' | 'down'): this {
    const { width } = this.state.size;
    return this.tell({
      kind: 'token',
      token: { kind: 'mouse', action: `wheel-${direction}`, button: undefined, x: width - 1, y: 2 },
    });
  }

  focusWindow(focused: boolean): this {
    return this.tell({ kind: 'token', token: { kind: 'focus', focused } });
  }

  /** Live posts, `ana: text` each. */
  posts(...lines: readonly string[]): this {
    return this.#bring(lines, this.#clock().wallMs);
  }

  /** Posts that were written before the client began. */
  past(...lines: readonly string[]): this {
    return this.#bring(lines, NOON_MS - 60_000);
  }

  #bring(lines: readonly string[], timeMs: number): this {
    return this.tell({ kind: 'posts', posts: lines.map((line) => this.post(line, timeMs)) });
  }

  post(line: string, timeMs = this.#clock().wallMs): Post {
    const [author = '', ...rest] = line.split(': ');
    this.#lastPosition += 1;
    return { position: this.#lastPosition, author, text: rest.join(': '), timeMs } as Post;
  }

  /** The list of people: `ana*` is followed, `bo+` is present, `chen<` follows. */
  people(...marked: readonly string[]): this {
    const users = marked.map((it) => ({ user: it.replace(/[*+<]/g, ''), present: it.includes('+'), it }));
    const lists = {
      users: [...users, { user: 'mira', present: true }],
      followers: users.filter(({ it }) => it.includes('<')),
      following: users.filter(({ it }) => it.includes('*')),
    } as unknown as PresenceLists;
    return this.tell({ kind: 'people', lists });
  }

  resize(width: number, height: number): this {
    return this.tell({ kind: 'resized', size: { width, height } });
  }

  get lines(): string[] {
    return view(this.state).rows.map((row) => plainText(row).trimEnd());
  }

  get screen(): string {
    return this.lines.join('\n');
  }

  /** Returns the effects since the last call. */
  asked(): readonly Effect[] {
    return this.effects.splice(0);
  }
}
