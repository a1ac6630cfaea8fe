/** The cluster view: a feed, the screen and the keys around one state. */
import { join } from 'node:path';
import type { ReadStream, WriteStream } from 'node:tty';
import { foldersFor } from '@dualping/host';
import createDebug from 'debug';
import { Subscription } from 'rxjs';
import type { ClusterFeed } from '../cluster/feed.js';
import { clusterView } from '../cluster/view.js';
import type { Token } from '../input/token.js';
import { type Lifecycle, watchOver } from '../screen/lifecycle.js';
import { openScreen, type Screen } from '../screen/screen.js';
import { themeFrom } from '../screen/theme.js';
import { unreachable } from '../unreachable.js';
import { divertDiagnostics } from './diagnostics.js';
import { framesOf } from './frames.js';
import { LiveCluster, type ViewEffect } from './live-cluster.js';

const debug = createDebug('dualping:terminal');

export interface ClusterViewOptions {
  readonly feed: ClusterFeed;
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Takes the terminal until the person quits or the process must end, and then restores it. It only subscribes
 * to the feed: its maker ends it. On a signal the promise resolves and the process goes on, so that the
 * caller can end its cluster.
 *
 * @returns the exit code: 0; 1 after a bug of ours; 128 plus the number of the signal
 * @throws NoScreen if the terminal can't show a full screen; the feed's error, when its updates end with one
 */
export async function runClusterView(options: ClusterViewOptions): Promise<number> {
  return await new ClusterView(options).ended;
}

class ClusterView {
  readonly ended: Promise<number>;
  readonly #screen: Screen;
  readonly #followsBackground: boolean;
  readonly #live: LiveCluster;
  readonly #lifecycle: Lifecycle;
  readonly #backToStderr: () => void;
  readonly #running = new Subscription();
  #resolve: (exitCode: number) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor({ feed, input, output, env }: ClusterViewOptions) {
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Without the mouse, so that the terminal can select text with it.
    const theme = themeFrom(env);
    this.#followsBackground = theme !== 'plain';
    this.#screen = openScreen({ input, output, env, theme, mouse: false });
    this.#backToStderr = divertDiagnostics(join(foldersFor(env).state, 'cluster-view.log'));
    this.#lifecycle = watchOver(this.#screen, {
      onScreenClosed: this.#backToStderr,
      beforeEnd: (ending) => debug('ends: %o', ending),
      exit: (exitCode) => this.#leave(exitCode),
    });
    const live = new LiveCluster(feed, this.#screen.size);
    this.#live = live;
    this.#running.add(live.asked$.subscribe((effect) => this.#perform(effect)));
    this.#running.add(framesOf(live.state$).subscribe((state) => this.#screen.draw(clusterView(state))));
    this.#screen.setTitle(feed.title);
    this.#running.add(this.#screen.tokens$.subscribe((token) => this.#took(token)));
    this.#running.add(this.#screen.sizes$.subscribe((size) => live.dispatch({ kind: 'resized', size })));
    live.start((error) => this.#fail(error));
  }

  /** A report about the background only changes the theme. */
  #took(token: Token): void {
    if (token.kind === 'background' && this.#followsBackground)
      this.#screen.setTheme(token.light ? 'light' : 'dark');
    else this.#live.dispatch({ kind: 'token', token });
  }

  #perform(effect: ViewEffect): void {
    switch (effect.kind) {
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
    this.#live.close();
    void this.#screen.close();
    this.#backToStderr();
    this.#lifecycle.release();
  }
}
