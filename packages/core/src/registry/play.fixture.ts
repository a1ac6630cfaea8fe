/**
 * Runs the registry from a transcript. Time is virtual; members that are attached and not frozen ping on
 * their own.
 */
import type { Assignment, ClusterRecord } from '../assignment.js';
import { LEVEL } from '../build.js';
import {
  type ClusterKey,
  clusterKeyOf,
  type Epoch,
  epoch,
  NO_POSITION,
  position,
  type ServerId,
  serverId,
  serverName,
} from '../ids.js';
import { unreachable } from '../invariants.js';
import type { MemberMessage, RouterMessage, Stats } from '../messages.js';
import { parseTiming, type Timing } from '../timing.js';
import { actBy, type Performer, type Verb } from '../transcripts.fixture.js';
import { Registry } from './registry.js';
import {
  type Candidate,
  type RegistryInput,
  type RegistryLink,
  type RegistryOutput,
  type RegistryToken,
  SERVER_TYPE,
} from './registry-messages.js';

export const NETWORK = 'network-1';
export const NO_STATS = {
  durable: NO_POSITION,
  committed: NO_POSITION,
  checksum: 0,
  timelines: 0,
  postsAccepted: 0,
  slowSyncs: 0,
  longestSyncMs: 0,
  lastEpoch: epoch(0),
};

interface Actor {
  readonly serverId: ServerId;
  cluster: ClusterKey;
  incarnation: number;
  journalId: string;
  address: string;
  networkId: string;
  seen: Epoch;
  link: RegistryLink | undefined;
  frozen: boolean;
  requests: number;
  attempt: number;
  /** Why it can't be dialled. */
  unreachable: string | undefined;
  cannotReach: readonly ServerId[];
  /** The last welcomed life stored on its disk, by journal; set when the member pings for the first time. */
  readonly welcomed: Map<string, string>;
  /** The life id if the script gives one; else it follows from journal and incarnation. */
  life: string;
  /** Of its build. */
  level: number;
  /** Sends nothing after its welcome. */
  silent: boolean;
  /** Whether its `attach` says that it was asked to stop. */
  leaving: boolean;
  committed: number;
  durable: number;
  lastEpoch: number;
  revision: number;
}

/** Sequences of pings: those that members send on their own, and those that a script asks for. */
const BY_ITSELF = 1;
const ASKED_FOR = 2;

export interface PlayOptions {
  readonly clusters?: number;
  readonly timing?: Partial<Timing>;
  readonly dialsBack?: boolean;
  /** Also show the operator's lines that repeat what assignments say. */
  readonly showsAllReports?: boolean;
}

/** Reports that transcripts leave out by default, because the assignments next to them say the same. */
const SAID_BY_ASSIGNMENTS = /^(?:cluster \d+|service [\w-]+): (?:s\d+ is attached|the in-sync set of epoch)/;

export class Play implements Performer {
  readonly #timing: Timing;
  readonly #clusters: number;
  readonly #dialsBack: boolean;
  readonly #showsAllReports: boolean;
  readonly #records = new Map<number, ClusterRecord>();
  readonly #actors = new Map<string, Actor>();
  readonly #links = new Map<RegistryLink, string>();
  readonly #callers = new Map<RegistryToken, string>();
  #registry: Registry;
  #now = 0;
  #nextPingAt = 0;
  /** Outputs that wait for the disk, while it hangs. */
  #waiting: RegistryOutput[] | undefined;
  /** Whether the disk has hung: from then on the transcript shows pongs too. */
  #hasHung = false;
  #count = 0;
  readonly #answers: RegistryInput[] = [];
  #lines: string[] = [];

  constructor(options: PlayOptions = {}) {
    this.#showsAllReports = options.showsAllReports ?? false;
    this.#dialsBack = options.dialsBack ?? false;
    this.#clusters = options.clusters ?? 1;
    this.#timing = parseTiming(options.timing ?? {});
    this.#registry = this.#start();
  }

  act(line: string): readonly string[] {
    this.#lines = [];
    actBy(this.#verbs, line);
    return this.#lines;
  }

  readonly #verbs: readonly Verb[] = [
    [
      /^(s\d+) is primary(?:; in sync:((?: s\d+)+))?(?:; live:((?: s\d+)+))?$/,
      (...said) => this.#begin(...(said as [string, string, string])),
    ],
    [/^(s\d+) connects$/, (name) => this.#connect(this.#actor(name))],
    [/^(s\d+) attaches again on its stream$/, (name) => this.#sayAttach(this.#actor(name))],
    [/^(s\d+) attaches(.*)$/, (name, how) => this.#attach(this.#prepare(name, how))],
    [/^(s\d+) announces itself(.*)$/, (name, how) => this.#announce(name, how)],
    [/^(s\d+)'s stream ends$/, (name) => this.#end(this.#actor(name))],
    [/^(s\d+) freezes$/, (name) => this.#freeze(name, true)],
    [/^(s\d+) thaws$/, (name) => this.#freeze(name, false)],
    [
      /^(s\d+) asks to (add|remove) (s\d+)(?: with incarnation (\d+))?(?: in epoch (\d+))?$/,
      (...said) => this.#change(...(said as [string, 'add' | 'remove', string, string, string])),
    ],
    [
      /^(s\d+) hands over(?: epoch (\d+))?( and leaves)?$/,
      (...said) => this.#handOver(...(said as [string, string, string])),
    ],
    [/^(s\d+) is leaving$/, (name) => this.#say(this.#actor(name), { kind: 'leaving' })],
    [/^(s\d+) leaves$/, (name) => this.#leave(this.#actor(name))],
    [/^(s\d+) pings$/, (name) => this.#ping(this.#actor(name))],
    [/^a supervisor registers (s\d+)(.*)$/, (name, how) => this.#registerServer(name, how)],
    [/^(s\d+) sends a heartbeat(.*)$/, (name, how) => this.#heartbeat(name, SERVER_TYPE, how)],
    [
      /^a (\w+) (\d+) sends a heartbeat(.*)$/,
      (type, number, how) => this.#heartbeat(`s${number}`, type, how),
    ],
    [
      /^a supervisor reports a crash of incarnation (\d+) of (s\d+)$/,
      (at, name) => this.#crash(name, Number(at)),
    ],
    [
      /^(client \w+) asks for (?:cluster (\d+)|service ([\w-]+))(?:, (?:epoch (\d+) has failed))?(?:, waits (\d+) ms)?$/,
      (...said) => this.#getAvailable(...(said as [string, string, string, string, string])),
    ],
    [/^(client \w+) goes away$/, (name) => this.#cancel(name)],
    [
      /^(operator \w+) wants a handover(?: of service ([\w-]+))?(?: to (s\d+))?$/,
      (name, service, to) =>
        this.#step({
          kind: 'handover',
          token: this.#token(name),
          cluster: service === '' ? 1 : service,
          ...(to !== '' && { to: this.#actor(to).serverId }),
        }),
    ],
    [
      /^(operator \w+) promotes (s\d+)( and accepts the loss)?$/,
      (name, who, accepts) =>
        this.#step({
          kind: 'promote',
          token: this.#token(name),
          cluster: 1,
          serverId: this.#actor(who).serverId,
          acceptLoss: accepts !== '',
        }),
    ],
    [
      /^(operator \w+) (pauses|rests|resumes) the cluster$/,
      (name, what) => {
        const kind = ({ pauses: 'pause', rests: 'rest', resumes: 'resume' } as const)[what as 'pauses'];
        this.#step({ kind, token: this.#token(name), cluster: 1 });
      },
    ],
    [
      /^(operator \w+) removes (s\d+)( and accepts the loss)?$/,
      (name, who, accepts) =>
        this.#step({
          kind: 'remove',
          token: this.#token(name),
          cluster: 1,
          serverId: this.#actor(who).serverId,
          acceptLoss: accepts !== '',
        }),
    ],
    [
      /^(operator \w+) asks for the history$/,
      (name) => this.#step({ kind: 'history', token: this.#token(name), cluster: 1 }),
    ],
    [/^the wall clock says (\d+)$/, (timeMs) => this.#step({ kind: 'wall-time', timeMs: Number(timeMs) })],
    [/^the router's disk hangs$/, () => this.#hang()],
    [/^the router's disk goes on$/, () => this.#goOn()],
    [
      /^(s\d+) (can|can't) be dialled$/,
      (name, can) => {
        this.#actor(name).unreachable = can === 'can' ? undefined : 'connection refused';
      },
    ],
    [/^(s\d+) can't reach((?: s\d+)+)$/, (name, whom) => this.#complain(name, whom.trim().split(' '))],
    [/^(s\d+) reaches all$/, (name) => this.#complain(name, [])],
    [/^(\d+) ms pass$/, (ms) => this.#pass(Number(ms))],
    [/^the router sleeps (\d+) ms$/, (ms) => this.#sleep(Number(ms))],
    [/^the router restarts$/, () => this.#restart()],
  ];

  /** Members attach and are added as usual; the transcript does not show it. */
  #begin(primary: string, inSync: string, live: string): void {
    const standbys = inSync.trim().split(' ').filter(Boolean);
    const others = live.trim().split(' ').filter(Boolean);
    const names = [primary, ...[...standbys, ...others].sort()];
    for (const name of names) this.#attach(this.#actor(name));
    for (const name of standbys) this.#change(primary, 'add', name, '', '');
    this.#lines = [];
  }

  #start(): Registry {
    const { pingIntervalMs } = this.#timing;
    this.#nextPingAt = this.#now + pingIntervalMs;
    return new Registry({
      networkId: NETWORK,
      clusters: this.#clusters,
      timing: this.#timing,
      dialsBack: this.#dialsBack,
      records: [...this.#records.values()],
    });
  }

  #restart(): void {
    for (const actor of this.#actors.values()) actor.link = undefined;
    this.#links.clear();
    this.#registry = this.#start();
    this.#step({ kind: 'tick' });
  }

  #actor(name: string): Actor {
    const number = Number(name.slice(1));
    const actor = this.#actors.get(name) ?? {
      serverId: serverId(number),
      cluster: 1,
      incarnation: 1,
      journalId: `j${number}`,
      address: `host${number}:7000`,
      networkId: '',
      seen: epoch(0),
      link: undefined,
      frozen: false,
      requests: 0,
      attempt: 0,
      unreachable: undefined,
      cannotReach: [],
      welcomed: new Map(),
      life: '',
      level: LEVEL,
      silent: false,
      leaving: false,
      committed: 0,
      durable: 0,
      lastEpoch: 0,
      revision: 0,
    };
    this.#actors.set(name, actor);
    return actor;
  }

  /** Reads `, incarnation 2, journal jx, no journal, network n, epoch 3, cluster 2, service x, at host:1`. */
  #prepare(name: string, how: string): Actor {
    const actor = this.#actor(name);
    actor.life = '';
    actor.silent = false;
    actor.leaving = false;
    for (const word of how.split(',').map((part) => part.trim())) {
      if (word === '') continue;
      const [what = '', value = ''] = word.split(' ');
      if (word === 'no journal') actor.journalId = '';
      else if (what === 'incarnation') actor.incarnation = Number(value);
      else if (what === 'journal') actor.journalId = value;
      else if (what === 'network') actor.networkId = value;
      else if (what === 'epoch') actor.seen = epoch(Number(value));
      else if (what === 'cluster') actor.cluster = Number(value);
      else if (what === 'service') actor.cluster = value;
      else if (what === 'attempt') actor.attempt = Number(value) - 1;
      else if (what === 'at') actor.address = value;
      else if (what === 'level') actor.level = Number(value);
      else if (what === 'life') actor.life = value;
      else if (what === 'welcomed') actor.welcomed.set(actor.journalId, value);
      else if (what === 'durable') actor.durable = Number(value);
      else if (what === 'committed') actor.committed = Number(value);
      else if (what === 'last') actor.lastEpoch = Number(value);
      else if (what === 'revision') actor.revision = Number(value);
      else if (word === 'silently') actor.silent = true;
      else if (word === 'leaving') actor.leaving = true;
      else throw new Error(`nobody knows how to play "${word}"`);
    }
    return actor;
  }

  #candidate(actor: Actor): Candidate {
    const { networkId, cluster, serverId: id, incarnation, journalId, address } = actor;
    const welcomedLife = actor.welcomed.get(journalId) ?? '';
    const lifeId = lifeOf(actor);
    return { networkId, cluster, serverId: id, incarnation, journalId, lifeId, welcomedLife, address };
  }

  /** A welcomed member stores the welcome and pings, unless it is silent. */
  #attach(actor: Actor): void {
    this.#connect(actor);
    this.#sayAttach(actor);
    if (actor.link === undefined || actor.silent) return;
    if (actor.journalId !== '') actor.welcomed.set(actor.journalId, lifeOf(actor));
    if (this.#isWelcomed(actor)) this.#speak(actor);
  }

  /** The messages that a member sends by itself. */
  #speak(actor: Actor): void {
    const { cannotReach } = actor;
    this.#say(actor, { kind: 'ping', sequence: BY_ITSELF, stats: statsOf(actor), cannotReach });
  }

  #connect(actor: Actor): void {
    this.#count += 1;
    actor.link = this.#count;
    actor.frozen = false;
    actor.requests = 0;
    this.#links.set(this.#count, serverName(actor.serverId));
  }

  #sayAttach(actor: Actor): void {
    actor.attempt += 1;
    const { attempt, seen } = actor;
    const replicates = actor.journalId !== '';
    const { revision, leaving } = actor;
    const build = { version: `0.${actor.level}`, level: actor.level };
    const said = { epoch: seen, revision, stats: statsOf(actor), replicates, attempt, leaving, build };
    this.#say(actor, { kind: 'attach', ...this.#candidate(actor), ...said });
  }

  #announce(name: string, how: string): void {
    const candidate = this.#candidate(this.#prepare(name, how));
    this.#step({ kind: 'add-master', token: this.#token(name), candidate });
  }

  #registerServer(name: string, how: string): void {
    const candidate = this.#candidate(this.#prepare(name, how));
    this.#step({ kind: 'register-server', token: this.#token('the supervisor'), candidate });
  }

  #heartbeat(name: string, type: string, how: string): void {
    const { cluster, serverId: id, address } = this.#prepare(name, how);
    const caller = type === SERVER_TYPE ? name : `the ${type}`;
    if (typeof cluster !== 'number') throw new Error('heartbeats are for numbered clusters');
    const heartbeat = { cluster, serverId: id, address, type };
    this.#step({ kind: 'heartbeat', token: this.#token(caller), heartbeat });
  }

  #crash(name: string, incarnation: number): void {
    const { cluster, serverId: id } = this.#actor(name);
    const token = this.#token('the supervisor');
    this.#step({ kind: 'crash', token, cluster, serverId: id, incarnation, detail: 'exit 1' });
  }

  #end(actor: Actor): void {
    const { link } = actor;
    actor.link = undefined;
    if (link !== undefined) this.#step({ kind: 'link-ended', link, reason: 'its stream ended' });
  }

  #freeze(name: string, frozen: boolean): void {
    this.#actor(name).frozen = frozen;
  }

  /** From its next ping on. */
  #complain(name: string, whom: readonly string[]): void {
    this.#actor(name).cannotReach = whom.map((each) => this.#actor(each).serverId);
  }

  #change(name: string, change: 'add' | 'remove', who: string, incarnation: string, at: string): void {
    const actor = this.#actor(name);
    const other = this.#actor(who);
    const { serverId: id, journalId, incarnation: own } = other;
    actor.requests += 1;
    this.#say(actor, {
      kind: 'change-in-sync',
      request: actor.requests,
      epoch: at === '' ? this.#assignment(actor.cluster).epoch : epoch(Number(at)),
      change,
      serverId: id,
      incarnation: incarnation === '' ? own : Number(incarnation),
      journalId,
      lifeId: lifeOf(other),
    });
  }

  #handOver(name: string, at: string, leaves: string): void {
    const actor = this.#actor(name);
    const asked = at === '' ? this.#assignment(actor.cluster).epoch : epoch(Number(at));
    this.#say(actor, { kind: 'hand-over', epoch: asked, leaving: leaves !== '' });
  }

  #leave(actor: Actor): void {
    this.#say(actor, { kind: 'leave', stats: statsOf(actor) });
  }

  #ping(actor: Actor): void {
    const { cannotReach } = actor;
    this.#say(actor, { kind: 'ping', sequence: ASKED_FOR, stats: statsOf(actor), cannotReach });
  }

  #hang(): void {
    this.#hasHung = true;
    this.#waiting = [];
  }

  #goOn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#performAll(waiting);
    for (const actor of this.#actors.values())
      if (waiting.some((output) => isWelcomeOn(output, actor.link)) && !actor.frozen) this.#speak(actor);
  }

  #getAvailable(name: string, cluster: string, service: string, failed: string, waitMs: string): void {
    this.#step({
      kind: 'get-available',
      token: this.#token(name),
      cluster: service === '' ? Number(cluster) : service,
      failedEpoch: epoch(Number(failed)),
      waitMs: Number(waitMs),
    });
  }

  #cancel(name: string): void {
    for (const [token, caller] of this.#callers) if (caller === name) this.#step({ kind: 'cancel', token });
  }

  #token(caller: string): RegistryToken {
    this.#count += 1;
    this.#callers.set(this.#count, caller);
    return this.#count;
  }

  #assignment(cluster: ClusterKey): Assignment {
    const assignment = this.#registry.assignments().find((each) => clusterKeyOf(each) === cluster);
    if (assignment === undefined) throw new Error(`no cluster ${cluster}`);
    return assignment;
  }

  #say({ link }: Actor, message: MemberMessage): void {
    if (link === undefined) throw new Error('not attached');
    this.#step({ kind: 'link-message', link, message });
  }

  #pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const at = Math.min(this.#registry.nextDeadline() ?? Infinity, this.#nextPingAt);
      if (at > until) break;
      this.#now = Math.max(this.#now, at);
      if (this.#now >= this.#nextPingAt) this.#allPing();
      this.#step({ kind: 'tick' });
    }
    this.#now = until;
  }

  #allPing(): void {
    this.#nextPingAt += this.#timing.pingIntervalMs;
    for (const actor of this.#actors.values())
      if (actor.link !== undefined && !actor.frozen && this.#isWelcomed(actor)) this.#speak(actor);
  }

  /** A member pings only once it has been welcomed. */
  #isWelcomed({ link }: Actor): boolean {
    return this.#waiting?.some((output) => isWelcomeOn(output, link)) !== true;
  }

  /**
   * The router does nothing for this long; then its timer fires first, and after it come the pings that have
   * queued up.
   */
  #sleep(ms: number): void {
    this.#now += ms;
    this.#nextPingAt = this.#now;
    this.#step({ kind: 'tick' });
    this.#allPing();
  }

  #step(input: RegistryInput): void {
    const outputs = this.#registry.step(this.#now, input);
    if (this.#waiting === undefined) this.#performAll(outputs);
    else
      for (const output of outputs)
        if ('overtakes' in output && output.overtakes) this.#write(this.#perform(output));
        else this.#waiting.push(output);
    for (let answer = this.#answers.shift(); answer; answer = this.#answers.shift()) this.#step(answer);
  }

  #performAll(outputs: readonly RegistryOutput[]): void {
    for (const output of outputs) this.#write(this.#perform(output));
    const records = recordsIn(outputs);
    if (records.length > 0) this.#step({ kind: 'told', records });
  }

  #write(text: string | undefined): void {
    if (text !== undefined) this.#lines.push(text);
  }

  #perform(output: RegistryOutput): string | undefined {
    switch (output.kind) {
      case 'persist':
        this.#records.set(output.record.cluster, output.record);
        return undefined;
      case 'send':
        return this.#sent(this.#links.get(output.link) ?? '?', output.message);
      case 'close': {
        const name = this.#links.get(output.link) ?? '?';
        const actor = this.#actor(name);
        if (actor.link === output.link) actor.link = undefined;
        this.#registry.step(this.#now, { kind: 'link-ended', link: output.link, reason: 'closed' });
        return undefined;
      }
      case 'answer':
        return `${this.#callers.get(output.token)} hears: ${this.#answered(output.answer)}`;
      case 'refuse':
        return `${this.#callers.get(output.token)} is refused ${output.reason}: ${output.detail}`;
      case 'changed':
        return undefined;
      case 'probe': {
        const { probe } = output;
        const dialled = [...this.#actors.values()].find(({ address }) => address === output.address);
        this.#answers.push({ kind: 'probed', probe, detail: dialled?.unreachable });
        return `the router asks ${output.address} for ${output.service}`;
      }
      case 'trouble':
        return `the router shows: ${output.detail ?? 'no trouble'}`;
      case 'report':
        return this.#showsAllReports || !SAID_BY_ASSIGNMENTS.test(output.event.text)
          ? `* ${output.event.text}`
          : undefined;
      default:
        return unreachable(output);
    }
  }

  #answered(answer: Extract<RegistryOutput, { kind: 'answer' }>['answer']): string {
    switch (answer.kind) {
      case 'assignment':
        return describe(answer.assignment);
      case 'announced':
        return `come within ${answer.graceMs} ms, ping every ${answer.pingIntervalMs} ms`;
      case 'registered':
        return 'registered';
      case 'heartbeat-noted':
        return answer.isFirst ? 'it is the one' : 'it is not the one';
      case 'crash-noted':
        return answer.dropped ? 'dropped' : 'nothing to drop';
      case 'history':
        return answer.entries
          .map(({ what, timeMs, epoch: at, detail }) => `${what} at ${timeMs} in epoch ${at}: ${detail}`)
          .join(' | ');
      default:
        return unreachable(answer);
    }
  }

  #sent(name: string, message: RouterMessage): string | undefined {
    switch (message.kind) {
      case 'welcome':
        this.#actor(name).networkId = message.networkId;
        return `${name} is welcomed: ${describe(message.assignment)}`;
      case 'assignment':
        return `${name} hears: ${describe(message.assignment)}${message.lastRequest > 0 ? ` (request ${message.lastRequest})` : ''}`;
      case 'pong':
        if (!this.#hasHung || message.sequence === BY_ITSELF) return undefined;
        return message.sequence === ASKED_FOR
          ? `${name} is answered`
          : `${name} hears that the router is there`;
      case 'no-successor':
        return `${name} is told that nobody can take over epoch ${message.epoch}`;
      case 'please-hand-over':
        return `${name} is asked to hand over epoch ${message.epoch}`;
      case 'please-rest':
        return `${name} is asked to end epoch ${message.epoch}`;
      case 'refused':
        return `${name} is refused ${message.reason}: ${message.detail}`;
      case 'leader-is':
        return `${name} hears that ${message.address} leads`;
      default:
        return unreachable(message);
    }
  }
}

/** The records that are durable once these outputs have been performed. */
export const recordsIn = (outputs: readonly RegistryOutput[]): ClusterRecord[] =>
  outputs.filter((output) => output.kind === 'persist').map(({ record }) => record);

const isWelcomeOn = (output: RegistryOutput, link: RegistryLink | undefined): boolean =>
  output.kind === 'send' && output.link === link && output.message.kind === 'welcome';

/** `epoch 1, s1, in sync s1 s2, live s1 s2`, with the primary in brackets while it is out of reach. */
function describe({ epoch: at, primary, available, inSync, members }: Assignment): string {
  const name = primary === undefined ? 'nobody' : serverName(primary.serverId);
  const live = members.filter((member) => member.live).map((member) => serverName(member.serverId));
  return [
    `epoch ${at}`,
    available ? name : `(${name})`,
    `in sync ${inSync.map((copy) => serverName(copy.serverId)).join(' ') || 'nobody'}`,
    `live ${live.join(' ') || 'nobody'}`,
  ].join(', ');
}

const lifeOf = ({ life, journalId, incarnation }: Actor): string =>
  life === '' ? `${journalId}/${incarnation}` : life;

const statsOf = ({ durable, committed, lastEpoch }: Actor): Stats => ({
  ...NO_STATS,
  durable: position(durable),
  committed: position(committed),
  lastEpoch: epoch(lastEpoch),
});
