/**
 * Runs a scenario of the servers of one cluster or of several, to show their rules: nothing starts a server
 * again by itself, users send each request by hand, and only what parts report and users get is shown.
 * Nothing is left to chance, and all checkers look on.
 */
import { epoch, isRemoteCommand, parseTiming, position, type ServerId, type Timing } from '@dualping/core';
import { commandText } from '../entry-text.js';
import { Calm } from '../random.js';
import type { ServerProcess } from '../server-process.js';
import { CALM, type Setup } from '../setup.js';
import { type Machines, type Stage, stageFor } from '../simulation.js';
import { SOON_MS } from '../stream.js';
import { Caller, type Place } from './caller.js';
import { actBy, type Performer, ScenarioError, type Verb } from './script.js';

/** After each action: within this time its consequences that wait for no timer have followed, ms. */
const MOMENT_MS = 10;
/** Time in which servers that have just started come to be in sync, ms. */
const CALM_MS = 500;
/** Longest wait for an answer when one request follows another, ms. */
const PATIENCE_MS = 20_000;
/** Most entries from other clusters that are shown one by one. */
const MAX_REMOTE = 10;

const QUICK: Timing = parseTiming({ pingIntervalMs: 50, deadAfterMs: 150 });

/** What every server reports at each start, and when the router is back. */
const ATTACHED = /^attached to the router/;
/** What the router says of a cluster begins so. */
const CLUSTER = /^cluster 1: /;

export class ServerScenario implements Performer {
  readonly #stage: Stage;
  readonly #clusters: number;
  readonly #callers = new Map<string, Caller>();
  readonly #thaws = new Map<string, () => void>();
  readonly #diskGoesOn = new Map<string, () => void>();
  /** As `s1>s2`. */
  readonly #cuts = new Set<string>();
  readonly #verbs: readonly Verb[];
  #lines: string[] = [];

  /**
   * @param machines with production's limits
   * @param given `2 clusters`, `2 servers`, `quick timing`; the default is one cluster of 3 servers with the
   * usual timing
   */
  constructor(machines: Machines, given: readonly string[] = []) {
    const numberOf = (what: string, otherwise: number): number =>
      Number(given.flatMap((each) => new RegExp(`^(\\d+) ${what}s?$`).exec(each)?.[1] ?? [])[0] ?? otherwise);
    this.#clusters = numberOf('cluster', 1);
    const timing = given.includes('quick timing') ? QUICK : CALM.timing;
    const setup: Setup = {
      ...CALM,
      clusters: this.#clusters,
      servers: numberOf('server', CALM.servers),
      timing,
    };
    this.#stage = stageFor(
      setup,
      machines,
      { line: (_, who, text) => this.#report(who, text) },
      new Calm('scenario'),
    );
    for (const server of this.#stage.cluster.servers)
      server.onStopped = ({ failed, reason }) =>
        this.#say(server.name, `ends${failed ? ', failed' : ''}: ${reason}`);
    this.#verbs = [...this.#verbsOfServers(), ...this.#verbsOfOthers(), ...this.#verbsOfUsers()];
  }

  act(line: string): readonly string[] {
    actBy(this.#verbs, line);
    this.#pass(MOMENT_MS);
    return this.#lines.splice(0);
  }

  #verbsOfServers(): Verb[] {
    return [
      [
        /^([\dcs ]+) runs?(?:, and (\w+) is logged in at (\w*s\d))?$/,
        (names, user, at) => this.#begin(names, user, at),
      ],
      [/^([\dcs ]+) starts?$/, (names) => this.#each(names, (server) => server.start())],
      [/^([\dcs ]+) crash(?:es)?$/, (names) => this.#each(names, (server) => server.kill())],
      [/^(\w*s\d) is wiped$/, (name) => this.#server(name).wipe()],
      [/^(\w*s\d) stops$/, (name) => this.#server(name).stop()],
      [/^(\w*s\d) freezes$/, (name) => this.#freeze(name)],
      [/^(\w*s\d) thaws$/, (name) => this.#thaw(name)],
      [/^all parts freeze$/, () => this.#freezeAll()],
      [/^all parts thaw$/, () => this.#thawAll()],
      [/^the disk of (\w*s\d) hangs$/, (name) => this.#diskGoesOn.set(name, this.#server(name).disk.hang())],
      [/^the disk of (\w*s\d) goes on$/, (name) => this.#diskGoesOn.get(name)?.()],
      [/^the disk of (\w*s\d) fails$/, (name) => this.#feed(name, 'journal-failed', 'no space left')],
      [
        /^the disk of (\w*s\d) has hung for too long$/,
        (name) => this.#feed(name, 'disk-stalled', 'the disk hangs'),
      ],
      [
        /^(\w*s\d) finds its journal damaged$/,
        (name) => this.#feed(name, 'journal-damaged', 'entry 2 is damaged'),
      ],
      [/^\(journals\)$/, () => this.#showJournals()],
      [/^\(what (\w*s\d) has read of other clusters\)$/, (name) => this.#showRemote(this.#server(name))],
    ];
  }

  #verbsOfOthers(): Verb[] {
    const { cluster } = this.#stage;
    return [
      [/^the router starts$/, () => cluster.startRouter(cluster.router.name)],
      [/^the router crashes$/, () => this.#killRouter()],
      [/^the operator asks for a handover$/, () => cluster.router.handOver(1)],
      [
        /^the operator promotes s(\d) unclean$/,
        (id) => cluster.router.promoteUnclean(1, Number(id) as ServerId, true),
      ],
      [/^(\d+) ms pass$/, (ms) => this.#pass(Number(ms))],
      [
        /^(\w+) and (?:the )?(\w+) are cut off from each other$/,
        (one, other) => {
          this.#cut(one, other);
          this.#cut(other, one);
        },
      ],
      [
        /^(\w+) and (?:the )?(\w+) are joined again$/,
        (one, other) => {
          this.#heal(one, other);
          this.#heal(other, one);
        },
      ],
      [/^nothing gets from (?:the )?(\w+) to (?:the )?(\w+)$/, (from, to) => this.#cut(from, to)],
      [/^all gets from (?:the )?(\w+) to (?:the )?(\w+)$/, (from, to) => this.#heal(from, to)],
      [
        /^the streams between (\w+) and (\w+) break$/,
        (one, other) => cluster.network.sever(one, other, false),
      ],
    ];
  }

  #verbsOfUsers(): Verb[] {
    const at = 'at (\\w*s\\d)(?: expecting epoch (\\d+))?$';
    return [
      [
        new RegExp(`^(\\w+) logs in ${at}`),
        (user, server, of) => this.#caller(user).logIn(this.#place(server, of)),
      ],
      [
        new RegExp(`^(\\w+) posts "(.*)" ${at}`),
        (user, text, server, of) => this.#caller(user).post(text, this.#place(server, of)),
      ],
      [
        new RegExp(`^(\\w+) answers (\\w+) at (\\d+)(?: of cluster (\\d))? "(.*)" ${at}`),
        (user, author, place, home, text, server, of) =>
          this.#caller(user).post(text, this.#place(server, of), {
            author,
            position: position(Number(place)),
            ...(home !== '' && { home: Number(home) }),
          }),
      ],
      [
        new RegExp(`^(\\w+) posts (\\d+) times ${at}`),
        (user, times, server, of) => this.#postMany(user, Number(times), this.#place(server, of)),
      ],
      [
        new RegExp(`^(\\w+) follows (\\w+) ${at}`),
        (user, target, server, of) => this.#caller(user).follow(target, this.#place(server, of)),
      ],
      [
        new RegExp(`^(\\w+) unfollows (\\w+) ${at}`),
        (user, target, server, of) => this.#caller(user).unfollow(target, this.#place(server, of)),
      ],
      [
        new RegExp(`^(\\w+) sends number (\\d+) ${at}`),
        (user, no, server, of) => this.#caller(user).send(Number(no), this.#place(server, of)),
      ],
      [/^(\w+) gives up waiting$/, (user) => this.#caller(user).giveUp()],
      [
        new RegExp(`^(\\w+) lists ${at}`),
        (user, server, of) => this.#caller(user).list(this.#place(server, of)),
      ],
      [
        new RegExp(`^(\\w+) (?:opens a timeline|resumes a timeline after (\\d+)) ${at}`),
        (user, after, server, of) =>
          this.#caller(user).openTimeline(position(Number(after)), this.#place(server, of)),
      ],
      [/^(\w+) closes the timeline$/, (user) => this.#caller(user).closeTimeline()],
      [/^(\w+) stops reading$/, (user) => this.#caller(user).read(false)],
      [/^(\w+) reads on$/, (user) => this.#caller(user).read(true)],
      [
        /^(\w+) pages (\d+) posts before (\d+)$/,
        (user, limit, before) =>
          this.#caller(user).ask({ kind: 'older', before: position(Number(before)), limit: Number(limit) }),
      ],
      [
        /^(\w+) asks what (\d+) answers$/,
        (user, of) => this.#caller(user).ask({ kind: 'answered', of: position(Number(of)) }),
      ],
    ];
  }

  /** How most scenarios begin; one of them shows its consequences. */
  #begin(names: string, user: string, at: string): void {
    this.act('the router starts');
    this.act(`${names} start`);
    this.#pass(CALM_MS);
    if (user !== '') this.act(`${user} logs in at ${at}`);
    this.#lines = [];
  }

  get #processes(): readonly string[] {
    const { routers, servers } = this.#stage.cluster;
    return [...routers, ...servers].map(({ name }) => name);
  }

  #server(name: string): ServerProcess {
    return this.#stage.cluster.server(name);
  }

  #each(names: string, act: (server: ServerProcess) => void): void {
    for (const name of names.trim().split(' ')) {
      act(this.#server(name));
      this.#pass(MOMENT_MS);
    }
  }

  #feed(name: string, kind: 'journal-failed' | 'disk-stalled' | 'journal-damaged', detail: string): void {
    const server = this.#server(name);
    server.receive(() => server.feed({ kind, detail }));
  }

  #freeze(name: string): void {
    this.#thaws.set(name, this.#stage.cluster.process(name).freeze());
  }

  #thaw(name: string): void {
    this.#thaws.get(name)?.();
  }

  #freezeAll(): void {
    for (const name of this.#processes) this.#freeze(name);
  }

  #thawAll(): void {
    for (const name of this.#processes) this.#thaw(name);
  }

  #killRouter(): void {
    for (const router of this.#stage.cluster.routers) router.kill();
  }

  #cut(from: string, to: string): void {
    if (this.#cuts.has(`${from}>${to}`)) return;
    this.#cuts.add(`${from}>${to}`);
    this.#stage.cluster.network.cut(from, to, false);
  }

  #heal(from: string, to: string): void {
    if (this.#cuts.delete(`${from}>${to}`)) this.#stage.cluster.network.heal(from, to, SOON_MS);
  }

  #caller(name: string): Caller {
    const known = this.#callers.get(name);
    if (known !== undefined) return known;
    const caller = new Caller(name, this.#stage.cluster.network, (text) => this.#say(name, text));
    this.#callers.set(name, caller);
    return caller;
  }

  #place(server: string, of: string): Place {
    return { server: this.#server(server).name, epoch: epoch(Number(of)) };
  }

  /** Each when the one before is answered; only the outcome of the last one is shown. */
  #postMany(user: string, times: number, place: Place): void {
    const { world } = this.#stage;
    const caller = this.#caller(user);
    for (let number = 1; number <= times; number += 1) {
      this.#lines = [];
      caller.post(`number ${number}`, place);
      const end = world.now + PATIENCE_MS;
      while (caller.unsettled > 0)
        if (!world.step(end)) throw new ScenarioError(`${user} got no answer within ${PATIENCE_MS} ms`);
    }
  }

  #pass(ms: number): void {
    const { world } = this.#stage;
    const until = world.now + ms;
    while (world.step(until));
  }

  #showJournals(): void {
    const { servers } = this.#stage.cluster;
    const checksums = new Set(servers.map(({ disk }) => disk.durable.checksum));
    if (checksums.size === 1) this.#lines.push(`  all equal, up to ${servers[0]?.disk.durable.last}`);
    else
      for (const { name, disk } of servers) {
        const entries = disk.durable.entries.map((entry) => `${entry.position}e${entry.epoch}`);
        this.#say(name, entries.length === 0 ? 'empty' : entries.join(' '));
      }
  }

  /** Of that which is durable; texts that are many are counted. */
  #showRemote({ disk }: ServerProcess): void {
    const heard = disk.durable.entries.flatMap(({ command }) =>
      isRemoteCommand(command) && command.kind !== 'remote-user' ? [commandText(command)] : [],
    );
    const shown = heard.length <= MAX_REMOTE ? heard : [heard[0], `… ${heard.length} in all …`, heard.at(-1)];
    this.#lines.push(...shown.map((text) => `  ${text}`));
  }

  #report(who: string, text: string): void {
    if (!ATTACHED.test(text)) this.#say(who, this.#clusters > 1 ? text : text.replace(CLUSTER, ''));
  }

  #say(who: string, text: string): void {
    this.#lines.push(`  ${who}: ${text}`);
  }
}
