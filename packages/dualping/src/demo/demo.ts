/**
 * The demo itself: a cluster, people on it, faults, and what they cost.
 *
 * One fault at a time is measured, from the fault until all people are served again. Then it is mended, and
 * when the cluster is complete the next may come. Faults made by hand use the same functions.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Assignment, DualpingError, serverName, type Timing } from '@dualping/core';
import { withinLimit } from '@dualping/host';
import type { ClusterEvent, ClusterFeed, Controls, Counts, Takeover, Victim } from '@dualping/terminal';
import { interval, map, merge, type Observable, Subject, share, timer } from 'rxjs';
import { ownCommand } from '../own-command.js';
import { leadershipEvents } from '../top/leadership-feed.js';
import { Crowd } from './crowd.js';
import { DemoCluster } from './demo-cluster.js';
import { DONE, FAULTS, type Fault } from './faults.js';
import { Stories } from './stories.js';
import { type Measured, TakeoverClock } from './takeover-clock.js';

const CLUSTER = 1;
/**
 * Longest to wait for a complete cluster, for a takeover, or for the last posts, ms: after that the demo
 * reports what is missing.
 */
const LIMIT_MS = 30_000;
/** Longest time for reading timelines back, ms: a quarter of a million posts on a busy machine. */
const READ_BACK_LIMIT_MS = 180_000;
/** Pause between two automatic faults, ms: a person wants to see the recovery. */
const AUTOMATIC_PAUSE_MS = 2_500;
const COUNTS_INTERVAL_MS = 200;
const POLL_MS = 10;
/** Longest a takeover should take after detection, ms: the line in the view's chart. */
const TAKEOVER_BUDGET_MS = 100;

export interface DemoOptions {
  readonly host: string;
  /** Where people find the first router; 0 for a free port. */
  readonly port: number;
  /** More than one share an etcd of the demo's own. */
  readonly routers: number;
  readonly servers: number;
  readonly people: number;
  readonly folder: string;
  readonly timing: Timing;
  readonly onLine: (name: string, line: string) => void;
}

export class Demo {
  readonly takeovers: Takeover[] = [];
  readonly stories = new Stories();
  readonly #options: DemoOptions;
  readonly #cluster: DemoCluster;
  readonly #clock: TakeoverClock;
  readonly #measured = new Subject<Measured>();
  readonly #said = new Subject<ClusterEvent>();
  #crowd: Crowd | undefined;
  #automatic: AbortController | undefined;
  #acknowledged = 0;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#cluster = new DemoCluster(options);
    this.#clock = new TakeoverClock(options.people, wallMsAt);
    this.#cluster.updates$.subscribe(({ assignments }) => {
      for (const assignment of assignments)
        if (assignment.cluster === CLUSTER) this.#note(this.#clock.assignment(performance.now(), assignment));
    });
  }

  /** Of all routers, as on a command line. */
  get routerAddresses(): string {
    return this.#cluster.routerAddresses.join();
  }

  get counts(): Counts {
    return this.#people.tally.counts;
  }

  get crowd(): Crowd {
    return this.#people;
  }

  get events$(): Observable<ClusterEvent> {
    return merge(this.#cluster.events$, this.#said);
  }

  get takeovers$(): Observable<Takeover> {
    return this.#measured.pipe(map(({ takeover }) => takeover));
  }

  /** Starts everything; when it resolves, people post. @throws DualpingError */
  async start(): Promise<void> {
    await this.#cluster.start();
    await this.#whenWhole('the cluster is not complete');
    const network = { routers: this.#cluster.routerAddresses, credentials: this.#cluster.credentials };
    this.#crowd = new Crowd(this.#options.people, network, {
      live: (person, epoch) => this.#note(this.#clock.live(performance.now(), person, epoch)),
      moved: (gapMs) => this.#clock.moved(gapMs),
      posting: (person, number) => this.stories.posting(performance.now(), person, number),
      acknowledged: (person, number, epoch) => {
        const now = performance.now();
        this.#acknowledged += 1;
        this.stories.acknowledged(now, person, number, epoch);
        this.#note(this.#clock.acknowledged(now, epoch));
      },
    });
    if (!(await withinLimit(this.#crowd.meet(), LIMIT_MS)))
      throw new DualpingError('internal', `the people could not follow one another within ${LIMIT_MS} ms`);
    this.#crowd.startPosting();
  }

  /**
   * Waits until people have posted this many posts, so that the moment of the next fault is not chosen by us.
   */
  async calm(posts: number): Promise<void> {
    const enough = this.#acknowledged + posts;
    await this.#until(() => this.#acknowledged >= enough, 'people could not go on posting');
  }

  /**
   * Makes a fault at the primary, and mends it. @throws DualpingError that says what could not be done
   */
  async takeOver(fault: Fault): Promise<Takeover> {
    const { primary } = await this.#whenWhole(`no ${fault} before all is well`);
    if (primary === undefined) throw new DualpingError('no-available-server', 'there is no primary');
    const victim: Victim = { kind: 'server', cluster: CLUSTER, serverId: primary.serverId };
    const before = this.takeovers.length;
    try {
      await this.#inflict(fault, victim);
      await this.#until(
        () => this.takeovers.length > before,
        `${serverName(primary.serverId)} was ${DONE[fault]}, but not all people were served again`,
      );
    } catch (error) {
      this.#clock.forget();
      throw error;
    } finally {
      await this.#mend(fault, victim);
    }
    const takeover = this.takeovers.at(-1);
    if (takeover === undefined) throw new DualpingError('internal', 'a takeover was measured and not kept');
    return takeover;
  }

  /**
   * Stops all posting; resolves when every timeline has been checked for everything that was acknowledged.
   */
  async settle(): Promise<void> {
    this.#automatic?.abort();
    await this.#cluster.mend();
    const people = this.#people;
    if (!(await withinLimit(people.stopPosting(), LIMIT_MS)))
      throw new DualpingError('internal', `some posts were not acknowledged within ${LIMIT_MS} ms`);
    // A post that has not arrived by then never will: it counts as lost, and the demo goes on.
    await this.#until(() => people.tally.settled, '').catch(() => {});
    people.tally.close();
    if (!(await withinLimit(people.readBack(), READ_BACK_LIMIT_MS)))
      throw new DualpingError(
        'internal',
        `the timelines could not be read back within ${READ_BACK_LIMIT_MS} ms`,
      );
    this.stories.close();
  }

  async stop(): Promise<void> {
    this.#automatic?.abort();
    this.#crowd?.close();
    await this.#cluster.stop();
  }

  /** At once. */
  end(): void {
    this.#cluster.end();
  }

  get feed(): ClusterFeed {
    const { timing } = this.#options;
    const routers$ = this.#cluster.routers$.pipe(share());
    return {
      title: `demo at ${this.routerAddresses}`,
      updates$: this.#cluster.updates$,
      takeovers$: this.takeovers$,
      // In the next turn, when the subscriber is ready.
      events$: merge(
        this.events$,
        leadershipEvents(routers$, { wallMs: Date.now }),
        timer(0).pipe(map(() => this.#invitation)),
      ),
      counts$: interval(COUNTS_INTERVAL_MS).pipe(map(() => this.counts)),
      routers$,
      controls: this.#controls,
      budgetMs: timing.deadAfterMs + TAKEOVER_BUDGET_MS,
    };
  }

  /** The command with which a person joins this network from another terminal. */
  get joinCommand(): string {
    return `${ownCommand()} client --routers ${this.routerAddresses}`;
  }

  /** As an event, because the view covers what was printed before, and its title is cut at 80 columns. */
  get #invitation(): ClusterEvent {
    return { atMs: Date.now(), kind: 'said', text: `join with: ${this.joinCommand}` };
  }

  get #controls(): Controls {
    const cluster = this.#cluster;
    const doing = (fault: Fault, act: (victim: Victim) => Promise<void>) => async (victim: Victim) => {
      const isPrimary = victim.kind === 'server' && victim.serverId === cluster.primary;
      const at = performance.now();
      await act(victim);
      if (isPrimary) this.#clock.fault(at, fault);
    };
    return {
      kill: doing('kill', (victim) => cluster.kill(victim)),
      freeze: doing('freeze', (victim) => cluster.freeze(victim)),
      thaw: (victim) => cluster.thaw(victim),
      cut: doing('cut', (victim) => cluster.cut(victim)),
      heal: (victim) => cluster.heal(victim),
      restart: doing('handover', (victim) => cluster.restart(victim)),
      setAutomatic: (on) => this.#setAutomatic(on),
      get pids() {
        return cluster.pids;
      },
    };
  }

  get #people(): Crowd {
    if (this.#crowd === undefined) throw new DualpingError('internal', 'the demo has not been started');
    return this.#crowd;
  }

  async #inflict(fault: Fault, victim: Victim): Promise<void> {
    if (fault === 'router') {
      this.#clock.fault(await this.#cluster.killWithRouter(victim), fault);
      return;
    }
    this.#clock.fault(performance.now(), fault);
    switch (fault) {
      case 'kill':
        return await this.#cluster.kill(victim);
      case 'freeze':
        return await this.#cluster.freeze(victim);
      case 'cut':
        return await this.#cluster.cut(victim);
      case 'handover':
        return await this.#cluster.handover();
    }
  }

  async #mend(fault: Fault, victim: Victim): Promise<void> {
    if (fault === 'freeze') await this.#cluster.thaw(victim);
    if (fault === 'cut') await this.#cluster.heal(victim);
    // The cluster starts killed servers again, and a server that handed over goes on as a standby.
  }

  #setAutomatic(on: boolean): void {
    this.#automatic?.abort();
    this.#automatic = undefined;
    if (!on) return;
    const automatic = new AbortController();
    this.#automatic = automatic;
    void this.#goOn(automatic.signal);
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const fault = FAULTS[Math.floor(Math.random() * FAULTS.length)] ?? 'kill';
      try {
        // Otherwise a fault made by hand would be waited for for ever.
        await this.#cluster.mend();
        await this.takeOver(fault);
      } catch (error) {
        this.#say('said', error instanceof DualpingError ? error.detail : String(error));
      }
      await delay(AUTOMATIC_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  #note(measured: Measured | undefined): void {
    if (measured === undefined) return;
    const { takeover } = measured;
    const { from, to, fault, totalMs } = takeover;
    this.takeovers.push(takeover);
    this.stories.measured(measured);
    this.#say('measured', `s${from} ${DONE[fault]}, s${to} serves everybody after ${totalMs.toFixed(0)} ms`);
    this.#measured.next(measured);
  }

  async #whenWhole(what: string): Promise<Assignment> {
    await this.#until(
      () => this.#cluster.whole,
      what,
      () => `not live and in sync: ${this.#cluster.missing.join(', ')}`,
    );
    return await this.#cluster.whenWhole();
  }

  async #until(condition: () => boolean, what: string, detail: () => string = () => ''): Promise<void> {
    const limit = performance.now() + LIMIT_MS;
    while (!condition()) {
      if (performance.now() > limit) {
        const more = detail();
        throw new DualpingError('internal', `${what} within ${LIMIT_MS} ms${more === '' ? '' : `: ${more}`}`);
      }
      await delay(POLL_MS);
    }
  }

  #say(kind: ClusterEvent['kind'], text: string): void {
    this.#said.next({ atMs: Date.now(), kind, text });
  }
}

const wallMsAt = (instant: number): number => Math.round(performance.timeOrigin + instant);
