/**
 * Runs a scenario: a text in which lines at the margin are actions on a network, and indented lines are the
 * consequences, message by message. It runs on the same kernel as every other world, with all checkers, and
 * with fixed times: a step over the network takes 0.5 ms, a sync 1 ms.
 *
 *     ann posts "hello"             the indented lines give the time since then, who, and what
 *     bob follows ann
 *     s1 is killed                  and not started again before the scenario ends; `the router is killed` likewise
 *     s1 freezes, s1 goes on
 *     s1 can't reach s2 and s3      nor they s1; the router and people reach all
 *     all links are whole again
 *     until bob sees ann: hello     what happens until a user is told that, or says it
 *     250 ms pass
 *     # for readers only
 */
import type { ClientProcess } from '../client-process.js';
import type { Fault } from '../faults.js';
import { RouterProcess } from '../router-process.js';
import { CALM, type Setup } from '../setup.js';
import { type Machines, type Stage, stageFor } from '../simulation.js';
import { eventLine } from './event-lines.js';
import { News } from './news.js';
import { actBy, type Performer, ScenarioError, type Verb } from './script.js';

/** A seed with which no reader of past posts has to wait for others. */
const SEED = 3;
const PEOPLE = ['ann', 'bob'] as const;
/** A step over the network, ms. */
const STEP_MS = 0.5;
/** A sync, ms. */
const SYNC_MS = 1;
/** Time between the starts of members, ms, so that `s1` is the first primary. */
const APART_MS = 100;
/** Time before the first line, ms: all servers have been in sync for long. */
const CALM_MS = 5_000;
/** Longest wait of `until`, ms: what has not come by then never comes. */
const PATIENCE_MS = 20_000;
/** A fault that a scenario does not end lasts to its end, ms. */
const FOR_GOOD_MS = 1_000_000;

const SETUP: Setup = {
  ...CALM,
  seed: SEED,
  clients: PEOPLE.map((name) => ({ name, user: name, history: 20, pauseMs: 0 })),
  network: { ...CALM.network, leastMs: STEP_MS },
  serverSyncMs: 0,
  routerSyncMs: 0,
};

/** Actions that go on with what was begun before. */
const GOES_ON = /^(?:\d+ ms pass|until .+)$/;

export class Scenario implements Performer {
  readonly #stage: Stage;
  readonly #news: News;
  /** What `act` has not given yet. */
  readonly #lines: string[] = [];
  /** Of what happened since the last line at the margin. */
  #texts: string[] = [];
  #isHeard = false;
  /** What times are counted from. */
  #since = 0;
  readonly #thaws = new Map<string, () => void>();
  #mends: (() => void)[] = [];

  /** @param machines with production's limits */
  constructor(machines: Machines) {
    this.#stage = stageFor(SETUP, machines, {
      line: (_, who, text) => this.#tell(who, text),
      event: (_, label) => {
        const line = eventLine(label);
        if (line !== undefined) this.#tell(...line);
      },
    });
    this.#news = new News(this.#stage.cluster.clients, (who, text) => this.#tell(who, text));
    this.#begin();
  }

  act(line: string): readonly string[] {
    if (!GOES_ON.test(line)) {
      this.#since = this.#stage.world.now;
      this.#texts = [];
    }
    actBy(this.#verbs, line);
    return this.#lines.splice(0);
  }

  readonly #verbs: readonly Verb[] = [
    [/^(\d+) ms pass$/, (ms) => this.#run(this.#stage.world.now + Number(ms))],
    [/^until (.+)$/, (text) => this.#runUntilTold(text)],
    [/^(\w+) posts "(.+)"$/, (name, text) => this.#person(name).submit({ kind: 'post', text })],
    [/^(\w+) follows (\w+)$/, (name, target) => this.#person(name).submit({ kind: 'follow', target })],
    [/^(s\d|the router) is killed$/, (name) => this.#kill(name)],
    [
      /^(s\d|the router) freezes$/,
      (name) => this.#thaws.set(name, this.#stage.cluster.process(processName(name)).freeze()),
    ],
    [/^(s\d|the router) goes on$/, (name) => this.#thaws.get(name)?.()],
    [/^(s\d) can't reach ((?:s\d)(?: and s\d)*)$/, (name, others) => this.#cut(name, others.split(' and '))],
    [
      /^all links are whole again$/,
      () => {
        for (const mend of this.#mends.splice(0)) mend();
      },
    ],
  ];

  #begin(): void {
    const { cluster, world } = this.#stage;
    const disks = cluster.routers.flatMap((it) => (it instanceof RouterProcess ? [it.disk] : []));
    for (const { syncMs } of [...disks, ...cluster.servers]) {
      syncMs.least = SYNC_MS;
      syncMs.mean = 0;
    }
    for (const { name } of cluster.routers) cluster.startRouter(name);
    for (const { name } of cluster.servers) {
      this.#run(world.now + APART_MS);
      cluster.supervisor(name).start();
    }
    for (const client of cluster.clients) {
      this.#run(world.now + APART_MS);
      client.start();
    }
    this.#run(CALM_MS);
    this.#isHeard = true;
  }

  #person(name: string): ClientProcess {
    const found = this.#stage.cluster.clients.find((client) => client.name === name);
    if (found === undefined)
      throw new ScenarioError(`there is no "${name}" in a scenario; there are ${PEOPLE.join(' and ')}`);
    return found;
  }

  #kill(name: string): void {
    this.#strike({ kind: 'kill', process: processName(name), powerLost: false, afterOutputs: undefined });
  }

  #cut(from: string, others: readonly string[]): void {
    const { network } = this.#stage.cluster;
    const links = others.flatMap((other) => [[from, other] as const, [other, from] as const]);
    for (const [one, other] of links) network.cut(one, other, false);
    this.#mends.push(() => {
      for (const [one, other] of links) network.heal(one, other);
    });
  }

  #strike(fault: Omit<Extract<Fault, { kind: 'kill' }>, 'at' | 'forMs'>): void {
    const { nemesis, world } = this.#stage;
    nemesis.inflict({ ...fault, at: world.now, forMs: FOR_GOOD_MS });
  }

  #run(untilMs: number): void {
    const { world } = this.#stage;
    while (world.step(untilMs)) this.#news.look();
  }

  #runUntilTold(text: string): void {
    const { world } = this.#stage;
    const end = world.now + PATIENCE_MS;
    const isTold = (): boolean => this.#texts.some((told) => told.includes(text));
    while (!isTold()) {
      if (!world.step(end)) throw new ScenarioError(`nobody was told "${text}" within ${PATIENCE_MS} ms`);
      this.#news.look();
    }
  }

  #tell(who: string, text: string): void {
    if (!this.#isHeard) return;
    this.#texts.push(`${who} ${text}`);
    const ms = (this.#stage.world.now - this.#since).toFixed(1);
    this.#lines.push(`${ms.padStart(9)} ms  ${who.padEnd(14)} ${text}`);
  }
}

const processName = (name: string): string => (name === 'the router' ? 'router' : name);
