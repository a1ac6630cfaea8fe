/**
 * One world from beginning to end: a storm in which clients work and faults come; then everything is healed,
 * and all has to work again within a bounded time. Every checker looks after every step.
 */
import { type ClusterId, KEEPS_UP_FACTOR } from '@dualping/core';
import { Ambush } from './ambush.js';
import { Availability } from './checkers/availability.js';
import { Checkers, Violation } from './checkers/checker.js';
import { Durability } from './checkers/durability.js';
import { Epochs } from './checkers/epochs.js';
import { ExactlyOnce } from './checkers/exactly-once.js';
import { History } from './checkers/history.js';
import { Homes } from './checkers/homes.js';
import { KeyChecker } from './checkers/keys.js';
import { Limits } from './checkers/limits.js';
import { Lineage } from './checkers/lineage.js';
import { Lists } from './checkers/lists.js';
import { Lives } from './checkers/lives.js';
import { OrderlyEnd } from './checkers/orderly-end.js';
import { Pages } from './checkers/pages.js';
import { Reach } from './checkers/reach.js';
import { Reassurance } from './checkers/reassurance.js';
import { RemoteChecker } from './checkers/remote.js';
import { Replay } from './checkers/replay.js';
import { Superset } from './checkers/superset.js';
import { TimelineChecker } from './checkers/timelines.js';
import { ClientService } from './client-service.js';
import { Cluster } from './cluster.js';
import type { Build, Core } from './core.js';
import { Nemesis } from './nemesis.js';
import { Operator } from './operator.js';
import { Orders } from './orders.js';
import type { Random } from './random.js';
import type { Setup } from './setup.js';
import { Trace, type TraceSink } from './trace.js';
import { whatIsNotWell } from './well-being.js';
import { World } from './world.js';

/**
 * Virtual time after healing within which all must work again, ms: more than twice the longest wait of the
 * protocol (a reply or a chunk 10 s, keepalive 15 s), since one may follow another.
 */
const HEALING_MS = 60_000;
/** Between two looks at whether all is well, ms. */
const LOOK_MS = 250;
/** How long an operator waits before deciding between copies of a folder that disagree, ms. */
const DISPUTE_PATIENCE_MS = 12_000;
/** Between two looks at whether a primary serves, ms. */
const AVAILABILITY_LOOK_MS = 125;
/** A world with more events in one millisecond is in an endless loop. */
const MAX_EVENTS_A_MS = 5_000;

/** The code under test, and the reference that it is compared with. */
export interface Machines extends Build {
  /** The true core, with the same limits. */
  readonly reference: Core;
}

export interface Outcome {
  readonly hash: string;
  readonly virtualMs: number;
  /** Time from healing until all worked again, ms. */
  readonly healedInMs: number;
  readonly events: number;
  readonly committed: number;
  readonly epochs: number;
  readonly violation:
    | { readonly invariant: string; readonly facts: string; readonly atMs: number }
    | undefined;
}

/** A world before its first event, with its checkers. */
export interface Stage {
  readonly trace: Trace;
  readonly world: World;
  readonly cluster: Cluster;
  readonly checkers: Checkers;
  readonly nemesis: Nemesis;
  readonly histories: ReadonlyMap<ClusterId, History>;
  readonly timelines: ReadonlyMap<ClusterId, TimelineChecker>;
  readonly remote: RemoteChecker;
}

export function stageFor(
  setup: Setup,
  { reference, ...build }: Machines,
  sink?: TraceSink,
  random?: Random,
): Stage {
  const trace = new Trace(sink);
  const world = new World(trace);
  const checkers = new Checkers();
  const cluster = new Cluster(setup, world, checkers, build, random);
  const histories = new Map<ClusterId, History>();
  const timelines = new Map<ClusterId, TimelineChecker>();
  for (let number = 1; number <= setup.clusters; number += 1) {
    const history = new History(setup.limits !== 'production');
    const shown = new TimelineChecker(history);
    const servers = cluster.servers.filter((server) => server.cluster === number);
    const lineage = new Lineage(servers);
    histories.set(number, history);
    timelines.set(number, shown);
    checkers.add(
      number,
      lineage,
      new Durability(history, cluster, number, lineage, () => {
        for (const client of cluster.clients)
          for (const session of client.sessions) if (client.cluster === number) session.isInDoubt = true;
      }),
      new Epochs(cluster.router, number),
      new ExactlyOnce(history),
      new KeyChecker(history),
      shown,
      new Replay(reference, history, servers),
      new Reach(setup.timing),
      new Reassurance(),
      new Lives(),
      new Superset(cluster.router, number, servers, lineage),
      new Limits(reference, servers),
      new Pages(history),
      new Lists(history),
      new OrderlyEnd(cluster, number),
    );
  }
  const remote = new RemoteChecker(histories);
  checkers.add(undefined, remote, new Homes((user) => reference.clusterOf(user, setup.clusters)));
  return { trace, world, cluster, checkers, nemesis: new Nemesis(cluster), histories, timelines, remote };
}

export function simulate(setup: Setup, machines: Machines, sink?: TraceSink): Outcome {
  const stage = stageFor(setup, machines, sink);
  const { trace, world, cluster, checkers, nemesis, histories, timelines, remote } = stage;
  const availability = [...histories.keys()].map((number) => new Availability(cluster, number));
  if (setup.ambush !== undefined)
    checkers.add(undefined, new Ambush(setup.ambush, cluster, (fault) => nemesis.strike(fault)));
  const { operatorPatienceMs = DISPUTE_PATIENCE_MS } = setup;
  // When copies of folders disagree no server serves until an operator has decided.
  const copies = setup.faults.some(
    ({ kind }) => kind === 'older-disk' || kind === 'older-journal' || kind === 'twin',
  );
  if (setup.operatorPatienceMs !== undefined || copies)
    new Operator(cluster, operatorPatienceMs, copies ? setup.stormMs + HEALING_MS : setup.stormMs).begin();
  if (setup.orders) new Orders(cluster, setup.stormMs).begin();
  const run = (untilMs: number): void => {
    for (let at = world.now; at < untilMs; ) {
      at = Math.min(untilMs, at + AVAILABILITY_LOOK_MS);
      runUntil(world, at);
      for (const one of availability) one.look(world.now);
    }
  };
  let violation: Outcome['violation'];
  let healedInMs = 0;
  try {
    nemesis.schedule(setup.faults);
    cluster.start();
    run(setup.stormMs);
    world.say('nemesis', 'heals everything');
    nemesis.heal();
    const service = new ClientService(cluster, timelines);
    // A standby that was slow has to keep up for a while before it may come back.
    const healingMs = HEALING_MS + KEEPS_UP_FACTOR * setup.timing.deadAfterMs;
    healedInMs = untilWell(run, setup.stormMs, healingMs, () => {
      service.look(world.now);
      return whatIsNotWell(cluster, timelines, remote);
    });
    world.say('nemesis', `all is well after ${healedInMs} ms`);
    checkers.tell('atEnd');
  } catch (error) {
    violation = { ...asViolation(error), atMs: world.now };
    world.say('checker', `${violation.invariant}: ${violation.facts}`);
  }
  return {
    hash: trace.hash,
    virtualMs: world.now,
    healedInMs,
    events: world.happened,
    committed: sum([...histories.values()].map(({ last }) => last)),
    epochs: sum([...histories.keys()].map((number) => cluster.router.recordOf(number)?.epoch ?? 0)),
    violation,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

function untilWell(
  run: (untilMs: number) => void,
  from: number,
  healingMs: number,
  look: () => string | undefined,
): number {
  for (let at = from; ; at += LOOK_MS) {
    run(at);
    const problem = look();
    if (problem === undefined) return at - from;
    if (at - from >= healingMs)
      throw new Violation('well-again-in-time', `${healingMs} ms after healing: ${problem}`);
  }
}

function runUntil(world: World, atMs: number): void {
  let millisecond = Math.floor(world.now);
  let events = 0;
  while (world.step(atMs)) {
    events += 1;
    if (Math.floor(world.now) !== millisecond) {
      millisecond = Math.floor(world.now);
      events = 0;
    } else if (events > MAX_EVENTS_A_MS) {
      throw new Violation(
        'time-goes-on',
        `${events} things have happened at ${millisecond} ms, and there are more`,
      );
    }
  }
}

/**
 * A broken invariant of the machines is a violation too; any other error becomes one with the name of the
 * error.
 */
function asViolation(error: unknown): { readonly invariant: string; readonly facts: string } {
  if (error instanceof Violation) return error;
  if (!(error instanceof Error)) return { invariant: 'thrown', facts: String(error) };
  if (error.name === 'InvariantBroken' && 'invariant' in error)
    return { invariant: String(error.invariant), facts: `asserted: ${error.message}` };
  return { invariant: 'thrown', facts: error.stack ?? error.message };
}
