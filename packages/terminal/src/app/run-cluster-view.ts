/** The cluster view: a feed, the screen and the keys around one state. */
import { join } from 'node:path';
import type { ReadStream, WriteStream } from 'node:tty';
import { DualpingError } from '@dualping/client';
import createDebug from 'debug';
import {
  auditTime,
  buffer,
  EMPTY,
  filter,
  interval,
  map,
  merge,
  type Observable,
  Subscription,
  share,
  tap,
} from 'rxjs';
import type { ClusterFeed, Controls, Victim } from '../cluster/feed.js';
import type { ClusterEffect, Happening } from '../cluster/happenings.js';
import { type ClusterViewState, type Deed, initialClusterView } from '../cluster/state.js';
import { step } from '../cluster/step.js';
import { clusterView } from '../cluster/view.js';
import { foldersFor } from '../files/folders.js';
import type { Token } from '../input/token.js';
import { type Lifecycle, watchOver } from '../screen/lifecycle.js';
import { openScreen, type Screen } from '../screen/screen.js';
import { themeFrom } from '../screen/theme.js';
import { unreachable } from '../unreachable.js';
import { systemClock } from './clock.js';
import { divertDiagnostics } from './diagnostics.js';
import { framesOf } from './frames.js';
import { Store } from './store.js';

const debug = createDebug('dualping:terminal');

export interface ClusterViewOptions {
  readonly feed: ClusterFeed;
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/** Ages, uptimes and what is said for a moment go by this. */
const CLOCK_MS = 250;
/** Events that come in one go are one change of the list. */
const GATHER_MS = 10;

/**
 * Takes the terminal until the person quits or the process is to end, and gives it back as it was. The feed is only subscribed to:
 * who made it ends it. On a signal the promise resolves and the process goes on, so that whoever started a cluster can end it.
 *
 * @returns the exit code: 0, 1 after a mistake of ours, 128 and the number of the signal
 * @throws NoScreen where nothing can be drawn; the error of the feed, when its updates end with one
 */
export async function runClusterView(options: ClusterViewOptions): Promise<number> {
  return await new ClusterView(options).ended;
}

class ClusterView {
  readonly ended: Promise<number>;
  readonly #controls: Controls | undefined;
  readonly #screen: Screen;
  readonly #followsBackground: boolean;
  readonly #store: Store<ClusterViewState, Happening, ClusterEffect>;
  readonly #lifecycle: Lifecycle;
  readonly #backToStderr: () => void;
  readonly #running = new Subscription();
  #resolve: (exitCode: number) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor({ feed, input, output, env }: ClusterViewOptions) {
    this.#controls = feed.controls;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Without the mouse: here it has nothing to do but to select text.
    const theme = themeFrom(env);
    this.#followsBackground = theme !== 'plain';
    this.#screen = openScreen({ input, output, env, theme, mouse: false });
    this.#backToStderr = divertDiagnostics(join(foldersFor(env).state, 'cluster-view.log'));
    this.#lifecycle = watchOver(this.#screen, {
      onScreenClosed: this.#backToStderr,
      beforeEnd: (ending) => debug('ends: %o', ending),
      exit: (exitCode) => this.#leave(exitCode),
    });
    const first = initialClusterView({
      title: feed.title,
      size: this.#screen.size,
      clock: systemClock(),
      budgetMs: feed.budgetMs,
      canAct: feed.controls !== undefined,
    });
    this.#store = new Store(first, systemClock, step);
    this.#running.add(this.#store.effects$.subscribe((effect) => this.#perform(effect)));
    this.#running.add(
      framesOf(this.#store.state$).subscribe((state) => this.#screen.draw(clusterView(state))),
    );
    this.#screen.setTitle(feed.title);
    this.#running.add(
      this.#happenings$(feed).subscribe({
        next: this.#store.dispatch,
        error: (error: unknown) => this.#fail(error),
      }),
    );
  }

  #happenings$(feed: ClusterFeed): Observable<Happening> {
    const events$ = feed.events$.pipe(share());
    const gathered$ = events$.pipe(
      buffer(events$.pipe(auditTime(GATHER_MS))),
      filter((events) => events.length > 0),
    );
    const noPids: ReadonlyMap<string, number> = new Map();
    return merge(
      interval(CLOCK_MS).pipe(
        map((): Happening => ({ kind: 'clock', pids: new Map(feed.controls?.pids ?? noPids) })),
      ),
      this.#tokens$().pipe(map((token): Happening => ({ kind: 'token', token }))),
      this.#screen.sizes$.pipe(map((size): Happening => ({ kind: 'resized', size }))),
      gathered$.pipe(map((events): Happening => ({ kind: 'events', events }))),
      feed.takeovers$.pipe(map((takeover): Happening => ({ kind: 'takeover', takeover }))),
      (feed.counts$ ?? EMPTY).pipe(map((counts): Happening => ({ kind: 'counts', counts }))),
      feed.updates$.pipe(map((update): Happening => ({ kind: 'update', update }))),
    );
  }

  /** What the terminal says of its background is for the looks alone. */
  #tokens$(): Observable<Token> {
    return this.#screen.tokens$.pipe(
      tap((token) => {
        if (token.kind === 'background' && this.#followsBackground)
          this.#screen.setTheme(token.light ? 'light' : 'dark');
      }),
    );
  }

  #perform(effect: ClusterEffect): void {
    switch (effect.kind) {
      case 'deed':
        return void this.#do(effect.deed, effect.victim);
      case 'automatic':
        return this.#controls?.setAutomatic(effect.on);
      case 'redraw':
        return this.#screen.redraw();
      case 'suspend':
        return this.#lifecycle.suspend();
      case 'quit':
        return void this.#screen.close().then(() => this.#leave(0));
      default:
        return unreachable(effect);
    }
  }

  async #do(deed: Deed, victim: Victim): Promise<void> {
    if (this.#controls === undefined) return;
    try {
      await this.#controls[deed](victim);
      this.#store.dispatch({ kind: 'done', deed, victim });
    } catch (error) {
      this.#store.dispatch({ kind: 'not-done', text: sentenceOf(error) });
    }
  }

  #leave(exitCode: number): void {
    this.#close();
    this.#resolve(exitCode);
  }

  #fail(error: unknown): void {
    this.#close();
    this.#reject(error);
  }

  #close(): void {
    this.#running.unsubscribe();
    void this.#screen.close();
    this.#backToStderr();
    this.#lifecycle.release();
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof DualpingError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}
