/**
 * Turns a feed into a state over time, and keys into actions. The screen and the page share it.
 */
import { DualpingError } from '@dualping/client';
import {
  auditTime,
  buffer,
  EMPTY,
  filter,
  interval,
  map,
  merge,
  type Observable,
  Subject,
  Subscription,
  share,
} from 'rxjs';
import type { ClusterFeed, Controls, Victim } from '../cluster/feed.js';
import { type ClusterViewState, initialClusterView, type ProcessAction } from '../cluster/state.js';
import { step } from '../cluster/step.js';
import type { ClusterEffect, ClusterViewEvent } from '../cluster/view-events.js';
import type { Size } from '../state/geometry.js';
import { systemClock } from './clock.js';
import { Store } from './store.js';

/** Interval at which ages, uptimes and short notices are updated. */
const CLOCK_MS = 250;
/** Events within this time change the list once. */
const GATHER_MS = 10;

/** Effects that the view itself must perform. */
export type ViewEffect = Exclude<ClusterEffect, { readonly kind: 'action' | 'automatic' | 'log' }>;

export class LiveCluster {
  readonly #feed: ClusterFeed;
  readonly #store: Store<ClusterViewState, ClusterViewEvent, ClusterEffect>;
  readonly #asked = new Subject<ViewEffect>();
  readonly #running = new Subscription();

  constructor(feed: ClusterFeed, size: Size) {
    this.#feed = feed;
    const first = initialClusterView({
      title: feed.title,
      size,
      clock: systemClock(),
      budgetMs: feed.budgetMs,
      canAct: feed.controls !== undefined,
      hasLogs: feed.logOf !== undefined,
    });
    this.#store = new Store(first, systemClock, step);
    this.#running.add(this.#store.effects$.subscribe((effect) => this.#perform(effect)));
  }

  get state(): ClusterViewState {
    return this.#store.state;
  }

  get state$(): Observable<ClusterViewState> {
    return this.#store.state$;
  }

  get asked$(): Observable<ViewEffect> {
    return this.#asked.asObservable();
  }

  /** Subscribes to the feed. @param onError called when the feed ends with an error */
  start(onError: (error: unknown) => void): void {
    const events$ = viewEventsOf(this.#feed);
    this.#running.add(events$.subscribe({ next: this.dispatch, error: onError }));
  }

  readonly dispatch = (event: ClusterViewEvent): void => this.#store.dispatch(event);

  /** Does not end the feed itself: its maker does. */
  close(): void {
    this.#running.unsubscribe();
  }

  #perform(effect: ClusterEffect): void {
    switch (effect.kind) {
      case 'action':
        return void this.#do(effect.action, effect.victim);
      case 'log':
        return void this.#readLog(effect.victim, effect.name, effect.address);
      case 'automatic':
        return this.#feed.controls?.setAutomatic(effect.on);
      default:
        return this.#asked.next(effect);
    }
  }

  async #readLog(victim: Victim, name: string, address: string | undefined): Promise<void> {
    try {
      const log = await this.#feed.logOf?.(name, address);
      if (log !== undefined) this.dispatch({ kind: 'log', victim, log });
    } catch (error) {
      this.dispatch({ kind: 'log', victim, log: { problem: sentenceOf(error) } });
    }
  }

  async #do(action: ProcessAction, victim: Victim): Promise<void> {
    const controls: Controls | undefined = this.#feed.controls;
    if (controls === undefined) return;
    try {
      await controls[action](victim);
      this.dispatch({ kind: 'done', action, victim });
    } catch (error) {
      this.dispatch({ kind: 'not-done', text: sentenceOf(error) });
    }
  }
}

function viewEventsOf(feed: ClusterFeed): Observable<ClusterViewEvent> {
  const events$ = feed.events$.pipe(share());
  const gathered$ = events$.pipe(
    buffer(events$.pipe(auditTime(GATHER_MS))),
    filter((events) => events.length > 0),
  );
  const noPids: ReadonlyMap<string, number> = new Map();
  return merge(
    interval(CLOCK_MS).pipe(
      map((): ClusterViewEvent => ({ kind: 'clock', pids: new Map(feed.controls?.pids ?? noPids) })),
    ),
    gathered$.pipe(map((events): ClusterViewEvent => ({ kind: 'events', events }))),
    feed.takeovers$.pipe(map((takeover): ClusterViewEvent => ({ kind: 'takeover', takeover }))),
    (feed.counts$ ?? EMPTY).pipe(map((counts): ClusterViewEvent => ({ kind: 'counts', counts }))),
    (feed.routers$ ?? EMPTY).pipe(map((routers): ClusterViewEvent => ({ kind: 'routers', routers }))),
    feed.updates$.pipe(map((update): ClusterViewEvent => ({ kind: 'update', update }))),
  );
}

function sentenceOf(error: unknown): string {
  if (error instanceof DualpingError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}
