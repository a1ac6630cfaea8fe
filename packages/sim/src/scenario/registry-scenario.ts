/**
 * Runs a scenario of the registry, which is alone with its driver: members, clients and operators are lines
 * of the text. Members that are attached and not frozen ping on their own.
 */
import {
  type Assignment,
  type ClusterKey,
  type ClusterRecord,
  clusterKeyOf,
  epoch,
  type MemberMessage,
  parseTiming,
  Registry,
  type RegistryAnswer,
  type RegistryEvent,
  type RegistryInput,
  type RegistryLink,
  type RegistryToken,
  type RouterMessage,
  SERVER_TYPE,
  serverName,
  type Timing,
  unreachable,
} from '@dualping/core';
import { RegistryDriver } from '@dualping/runtime';
import { ScenarioClock } from './scenario-clock.js';
import { actBy, type Performer, type Verb } from './script.js';
import { ScriptedMember } from './scripted-member.js';

const NETWORK = 'network-1';
/** Sequences of pings: those that members send on their own, and those that a script asks for. */
const BY_ITSELF = 1;
const ASKED_FOR = 2;

/** Reports that scenarios leave out by default, because the assignments next to them say the same. */
const SAID_BY_ASSIGNMENTS = /^(?:cluster \d+|service [\w-]+): (?:s\d+ is attached|the in-sync set of epoch)/;

export class RegistryScenario implements Performer {
  readonly #timing: Timing;
  readonly #clusters: number;
  readonly #dialsBack: boolean;
  readonly #showsAllReports: boolean;
  readonly #clock = new ScenarioClock();
  readonly #records = new Map<number, ClusterRecord>();
  readonly #members = new Map<string, ScriptedMember>();
  readonly #links = new Map<RegistryLink, string>();
  readonly #callers = new Map<RegistryToken, string>();
  #registry: Registry;
  #driver: RegistryDriver;
  #nextPingAt = 0;
  /** By how much the wall clock is ahead of the scenario's, ms. */
  #wallIsAheadMs = 0;
  #diskHangs = false;
  /** The write that waits while the disk hangs. */
  #write: (() => void) | undefined;
  /** Whether the disk has hung: from then on the scenario shows pongs too. */
  #hasHung = false;
  #count = 0;
  #lines: string[] = [];

  /**
   * @param given `2 clusters`, `a ping every 50 ms and dead after 150 ms`, `dial-back`, or `all reports`,
   * which also shows the operator's lines that repeat what assignments say
   */
  constructor(given: readonly string[]) {
    const numbers = (pattern: RegExp): number[] =>
      given.flatMap((each) => pattern.exec(each)?.slice(1).map(Number) ?? []);
    this.#showsAllReports = given.includes('all reports');
    this.#dialsBack = given.includes('dial-back');
    [this.#clusters = 1] = numbers(/^(\d+) clusters$/);
    const [pingIntervalMs, deadAfterMs] = numbers(/^a ping every (\d+) ms and dead after (\d+) ms$/);
    this.#timing = parseTiming(
      pingIntervalMs === undefined || deadAfterMs === undefined ? {} : { pingIntervalMs, deadAfterMs },
    );
    this.#registry = this.#newRegistry();
    this.#driver = this.#newDriver();
  }

  act(line: string): readonly string[] {
    actBy(this.#verbs, line);
    return this.#lines.splice(0);
  }

  readonly #verbs: readonly Verb[] = [
    [
      /^(s\d+) is primary(?:; in sync:((?: s\d+)+))?(?:; live:((?: s\d+)+))?$/,
      (...said) => this.#begin(...(said as [string, string, string])),
    ],
    [/^(s\d+) connects$/, (name) => this.#connect(this.#member(name))],
    [/^(s\d+) attaches again on its stream$/, (name) => this.#sayAttach(this.#member(name))],
    [/^(s\d+) attaches(.*)$/, (name, how) => this.#attach(this.#set(name, how))],
    [/^(s\d+) announces itself(.*)$/, (name, how) => this.#announce(name, how)],
    [/^(s\d+)'s stream ends$/, (name) => this.#end(this.#member(name))],
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
    [/^(s\d+) is leaving$/, (name) => this.#send(this.#member(name), { kind: 'leaving' })],
    [/^(s\d+) leaves$/, (name) => this.#leave(this.#member(name))],
    [/^(s\d+) pings$/, (name) => this.#send(this.#member(name), this.#member(name).ping(ASKED_FOR))],
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
        this.#feed({
          kind: 'handover',
          token: this.#token(name),
          cluster: service === '' ? 1 : service,
          ...(to !== '' && { to: this.#member(to).serverId }),
        }),
    ],
    [
      /^(operator \w+) promotes (s\d+)( and accepts the loss)?$/,
      (name, who, accepts) =>
        this.#feed({
          kind: 'promote',
          token: this.#token(name),
          cluster: 1,
          serverId: this.#member(who).serverId,
          acceptLoss: accepts !== '',
        }),
    ],
    [
      /^(operator \w+) (pauses|rests|resumes) the cluster$/,
      (name, what) => {
        const kind = ({ pauses: 'pause', rests: 'rest', resumes: 'resume' } as const)[what as 'pauses'];
        this.#feed({ kind, token: this.#token(name), cluster: 1 });
      },
    ],
    [
      /^(operator \w+) removes (s\d+)( and accepts the loss)?$/,
      (name, who, accepts) =>
        this.#feed({
          kind: 'remove',
          token: this.#token(name),
          cluster: 1,
          serverId: this.#member(who).serverId,
          acceptLoss: accepts !== '',
        }),
    ],
    [
      /^(operator \w+) asks for the history$/,
      (name) => this.#feed({ kind: 'history', token: this.#token(name), cluster: 1 }),
    ],
    [/^the wall clock says (\d+)$/, (timeMs) => this.#setWallClock(Number(timeMs))],
    [/^the router's disk hangs$/, () => this.#hang()],
    [/^the router's disk goes on$/, () => this.#goOn()],
    [
      /^(s\d+) (can|can't) be dialled$/,
      (name, can) => {
        this.#member(name).unreachable = can === 'can' ? undefined : 'connection refused';
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
    for (const name of names) this.#attach(this.#member(name));
    for (const name of standbys) this.#change(primary, 'add', name, '', '');
    this.#lines = [];
  }

  #newRegistry(): Registry {
    this.#nextPingAt = this.#clock.now() + this.#timing.pingIntervalMs;
    return new Registry({
      networkId: NETWORK,
      clusters: this.#clusters,
      timing: this.#timing,
      dialsBack: this.#dialsBack,
      records: [...this.#records.values()],
    });
  }

  #newDriver(): RegistryDriver {
    return new RegistryDriver(this.#registry, {
      clock: this.#clock,
      wallTime: () => this.#clock.now() + this.#wallIsAheadMs,
      persist: (records, durable) => this.#persist(records, durable),
      send: (link, message) => this.#sent(this.#links.get(link) ?? '?', message),
      close: (link) => this.#close(link),
      answer: (token, answer) => this.#say(`${this.#callers.get(token)} hears: ${this.#answered(answer)}`),
      refuse: (token, { reason, detail }) =>
        this.#say(`${this.#callers.get(token)} is refused ${reason}: ${detail}`),
      changed: () => {},
      probe: ({ probe, address, service }) => {
        this.#say(`the router asks ${address} for ${service}`);
        const dialled = [...this.#members.values()].find((member) => member.address === address);
        this.#feed({ kind: 'probed', probe, detail: dialled?.unreachable });
      },
      troubled: (detail) => this.#say(`the router shows: ${detail ?? 'no trouble'}`),
      report: (event) => this.#report(event),
      failed: (error) => {
        throw error;
      },
    });
  }

  #restart(): void {
    for (const member of this.#members.values()) member.link = undefined;
    this.#links.clear();
    this.#driver.stop();
    this.#registry = this.#newRegistry();
    this.#driver = this.#newDriver();
    this.#feed({ kind: 'tick' });
  }

  #member(name: string): ScriptedMember {
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    const member = new ScriptedMember(Number(name.slice(1)));
    this.#members.set(name, member);
    return member;
  }

  /** As it is from now on. */
  #set(name: string, how: string): ScriptedMember {
    const member = this.#member(name);
    member.set(how);
    return member;
  }

  /** A welcomed member stores the welcome and pings, unless it is silent. */
  #attach(member: ScriptedMember): void {
    this.#connect(member);
    this.#sayAttach(member);
    if (member.link === undefined || member.silent) return;
    if (member.journalId !== '') member.welcomed.set(member.journalId, member.lifeId);
    if (!member.awaitsWelcome) this.#speak(member);
  }

  /** The messages that a member sends by itself. */
  #speak(member: ScriptedMember): void {
    this.#send(member, member.ping(BY_ITSELF));
  }

  #connect(member: ScriptedMember): void {
    this.#count += 1;
    member.link = this.#count;
    member.frozen = false;
    member.requests = 0;
    this.#links.set(this.#count, serverName(member.serverId));
  }

  #sayAttach(member: ScriptedMember): void {
    this.#send(member, member.attach());
  }

  #announce(name: string, how: string): void {
    const candidate = this.#set(name, how).candidate;
    this.#feed({ kind: 'add-master', token: this.#token(name), candidate });
  }

  #registerServer(name: string, how: string): void {
    const candidate = this.#set(name, how).candidate;
    this.#feed({ kind: 'register-server', token: this.#token('the supervisor'), candidate });
  }

  #heartbeat(name: string, type: string, how: string): void {
    const { cluster, serverId: id, address } = this.#set(name, how);
    const caller = type === SERVER_TYPE ? name : `the ${type}`;
    if (typeof cluster !== 'number') throw new Error('heartbeats are for numbered clusters');
    const heartbeat = { cluster, serverId: id, address, type };
    this.#feed({ kind: 'heartbeat', token: this.#token(caller), heartbeat });
  }

  #crash(name: string, incarnation: number): void {
    const { cluster, serverId: id } = this.#member(name);
    const token = this.#token('the supervisor');
    this.#feed({ kind: 'crash', token, cluster, serverId: id, incarnation, detail: 'exit 1' });
  }

  #end(member: ScriptedMember): void {
    const { link } = member;
    member.link = undefined;
    if (link !== undefined) this.#feed({ kind: 'link-ended', link, reason: 'its stream ended' });
  }

  #freeze(name: string, frozen: boolean): void {
    this.#member(name).frozen = frozen;
  }

  /** From its next ping on. */
  #complain(name: string, whom: readonly string[]): void {
    this.#member(name).cannotReach = whom.map((each) => this.#member(each).serverId);
  }

  #change(name: string, change: 'add' | 'remove', who: string, incarnation: string, at: string): void {
    const member = this.#member(name);
    const other = this.#member(who);
    const { serverId: id, journalId, incarnation: own } = other;
    member.requests += 1;
    this.#send(member, {
      kind: 'change-in-sync',
      request: member.requests,
      epoch: at === '' ? this.#assignment(member.cluster).epoch : epoch(Number(at)),
      change,
      serverId: id,
      incarnation: incarnation === '' ? own : Number(incarnation),
      journalId,
      lifeId: other.lifeId,
    });
  }

  #handOver(name: string, at: string, leaves: string): void {
    const member = this.#member(name);
    const asked = at === '' ? this.#assignment(member.cluster).epoch : epoch(Number(at));
    this.#send(member, { kind: 'hand-over', epoch: asked, leaving: leaves !== '' });
  }

  #leave(member: ScriptedMember): void {
    this.#send(member, { kind: 'leave', stats: member.stats });
  }

  #setWallClock(timeMs: number): void {
    this.#wallIsAheadMs = timeMs - this.#clock.now();
  }

  #hang(): void {
    this.#hasHung = true;
    this.#diskHangs = true;
  }

  /** Members that get their welcome now ping at once. */
  #goOn(): void {
    const waiting = [...this.#members.values()].filter(({ awaitsWelcome }) => awaitsWelcome);
    this.#diskHangs = false;
    this.#write?.();
    this.#write = undefined;
    for (const member of waiting)
      if (member.link !== undefined && !member.awaitsWelcome && !member.frozen) this.#speak(member);
  }

  #persist(records: readonly ClusterRecord[], durable: () => void): void {
    const write = (): void => {
      for (const record of records) this.#records.set(record.cluster, record);
      durable();
    };
    if (this.#diskHangs) this.#write = write;
    else write();
  }

  #getAvailable(name: string, cluster: string, service: string, failed: string, waitMs: string): void {
    this.#feed({
      kind: 'get-available',
      token: this.#token(name),
      cluster: service === '' ? Number(cluster) : service,
      failedEpoch: epoch(Number(failed)),
      waitMs: Number(waitMs),
    });
  }

  #cancel(name: string): void {
    for (const [token, caller] of this.#callers) if (caller === name) this.#feed({ kind: 'cancel', token });
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

  #send({ link }: ScriptedMember, message: MemberMessage): void {
    if (link === undefined) throw new Error('not attached');
    this.#feed({ kind: 'link-message', link, message });
  }

  /** At one instant members ping before the router looks at its clock. */
  #pass(ms: number): void {
    const until = this.#clock.now() + ms;
    for (;;) {
      const at = Math.min(this.#clock.due, this.#nextPingAt);
      if (at > until) break;
      this.#clock.moveTo(at);
      if (this.#clock.now() >= this.#nextPingAt) this.#allPing();
      this.#clock.fireIfDue();
    }
    this.#clock.moveTo(until);
  }

  #allPing(): void {
    this.#nextPingAt += this.#timing.pingIntervalMs;
    for (const member of this.#members.values())
      if (member.link !== undefined && !member.frozen && !member.awaitsWelcome) this.#speak(member);
  }

  /**
   * The router does nothing for this long; then its timer fires first, and after it come the pings that have
   * queued up.
   */
  #sleep(ms: number): void {
    this.#clock.moveTo(this.#clock.now() + ms);
    this.#nextPingAt = this.#clock.now();
    this.#feed({ kind: 'tick' });
    this.#allPing();
  }

  #feed(input: RegistryInput): void {
    this.#driver.feed(input);
  }

  #close(link: RegistryLink): void {
    const member = this.#member(this.#links.get(link) ?? '?');
    if (member.link === link) member.link = undefined;
    this.#feed({ kind: 'link-ended', link, reason: 'closed' });
  }

  #report({ text }: RegistryEvent): void {
    if (this.#showsAllReports || !SAID_BY_ASSIGNMENTS.test(text)) this.#say(`* ${text}`);
  }

  #say(line: string): void {
    this.#lines.push(`  ${line}`);
  }

  #answered(answer: RegistryAnswer): string {
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

  #sent(name: string, message: RouterMessage): void {
    const text = this.#textOf(name, message);
    if (text !== undefined) this.#say(text);
  }

  #textOf(name: string, message: RouterMessage): string | undefined {
    switch (message.kind) {
      case 'welcome':
        this.#member(name).networkId = message.networkId;
        this.#member(name).awaitsWelcome = false;
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
