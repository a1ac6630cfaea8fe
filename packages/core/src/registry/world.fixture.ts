/**
 * A simple model around the registry: servers that hold sets of entries, believe what they were told last,
 * and commit when everybody whom they wait for has an entry. Small enough to be seen to be right, and it has
 * just what matters: beliefs that lag behind, processes that live on without the router, wiped disks.
 *
 * It watches every output: what is told must be durable, an epoch has one primary, and whoever is promoted
 * has everything that was ever committed.
 */
import assert from 'node:assert/strict';
import type { Assignment, ClusterRecord, InSyncMember, PrimaryRef } from '../assignment.js';
import { NO_EPOCH, position, type ServerId, serverId } from '../ids.js';
import type { Figures, MemberMessage, RouterMessage } from '../messages.js';
import { isSameCopy, isSameLife } from '../same-life.js';
import { DEFAULT_TIMING } from '../timing.js';
import { NETWORK, NO_FIGURES, recordsIn } from './play.fixture.js';
import { Registry } from './registry.js';
import type { RegistryInput, RegistryLink, RegistryOutput } from './registry-messages.js';

interface Process {
  readonly id: ServerId;
  incarnation: number;
  journal: number;
  running: boolean;
  frozen: boolean;
  link: RegistryLink | undefined;
  /** What it heard last. */
  belief: Assignment | undefined;
  /** What it has said and the router has not yet heard. */
  unheard: MemberMessage[];
  /** What has been sent to it while it was frozen. */
  unread: RouterMessage[];
  /** Members that it has asked to add, by the number of the request: it waits for them too. */
  asked: Map<number, InSyncMember>;
  requests: number;
  /** As its disk has it. */
  welcomedLife: string;
}

export class World {
  readonly #processes: Process[];
  /** Entries on each disk, by the id of its journal. */
  readonly #disks = new Map<string, Set<number>>();
  readonly #committed = new Set<number>();
  readonly #holders = new Map<number, PrimaryRef>();
  #registry: Registry;
  #record: ClusterRecord | undefined;
  /** The assignment as it may be told: what a restart made of the record, or what was told of it. */
  #now = 0;
  #links = 0;
  #entries = 0;

  constructor(servers: number) {
    this.#processes = Array.from({ length: servers }, (_, at) => ({
      id: serverId(at + 1),
      incarnation: 0,
      journal: 1,
      running: false,
      frozen: false,
      link: undefined,
      belief: undefined,
      unheard: [],
      unread: [],
      asked: new Map(),
      requests: 0,
      welcomedLife: '',
    }));
    this.#registry = this.#load();
  }

  get commits(): number {
    return this.#committed.size;
  }

  get epoch(): number {
    return this.#record?.epoch ?? 0;
  }

  /** Starts the process when it isn't running, and attaches it. */
  attach(at: number): void {
    const process = this.#process(at);
    if (process.frozen) return;
    if (!process.running) {
      process.running = true;
      process.incarnation += 1;
      process.belief = undefined;
      process.asked.clear();
    }
    if (process.link !== undefined) return;
    this.#links += 1;
    process.link = this.#links;
    process.requests = 0;
    // What it had asked for on its old stream it goes on waiting for until it hears an assignment.
    this.#say(process, {
      kind: 'attach',
      networkId: NETWORK,
      cluster: 1,
      serverId: process.id,
      incarnation: process.incarnation,
      journalId: this.#journalOf(process),
      lifeId: this.#life(process).lifeId,
      welcomedLife: process.welcomedLife,
      address: `host${process.id}:1`,
      epoch: process.belief?.epoch ?? NO_EPOCH,
      revision: process.belief?.revision ?? 0,
      figures: this.#figures(process),
      replicates: true,
      attempt: this.#links,
    });
    this.#ping(process);
  }

  #ping(process: Process): void {
    if (process.link !== undefined)
      this.#say(process, { kind: 'ping', sequence: 1, figures: this.#figures(process) });
  }

  /** The process is killed; the router sees the end of its stream. */
  kill(at: number): void {
    const process = this.#process(at);
    process.running = false;
    process.frozen = false;
    process.unread = [];
    this.cut(at);
  }

  /** The stream is cut; the process lives on, and knows only what it heard last. */
  cut(at: number): void {
    const process = this.#process(at);
    const { link } = process;
    process.link = undefined;
    process.unheard = [];
    if (link !== undefined) this.#step({ kind: 'link-ended', link, reason: 'cut' });
  }

  wipe(at: number): void {
    this.kill(at);
    const process = this.#process(at);
    process.journal += 1;
    process.welcomedLife = '';
  }

  freeze(at: number): void {
    const process = this.#process(at);
    process.frozen = process.running;
  }

  thaw(at: number): void {
    const process = this.#process(at);
    process.frozen = false;
    for (const message of process.unread.splice(0)) this.#hear(process, message);
  }

  /** Whoever believes to be primary brings another up to date and asks for it. */
  add(which: number): void {
    for (const primary of this.#processes) this.#add(primary, which);
  }

  #add(primary: Process, which: number): void {
    const standby = this.#process(which);
    const belief = this.#beliefAsPrimary(primary);
    if (belief === undefined || primary.link === undefined || primary === standby) return;
    if (!this.#follows(standby, belief)) return;
    for (const entry of this.#disk(this.#journalOf(primary))) this.#disk(this.#journalOf(standby)).add(entry);
    primary.requests += 1;
    primary.asked.set(primary.requests, this.#life(standby));
    this.#change(primary, 'add', standby, belief);
  }

  remove(which: number): void {
    for (const primary of this.#processes) this.#remove(primary, which);
  }

  #remove(primary: Process, which: number): void {
    const belief = this.#beliefAsPrimary(primary);
    if (belief === undefined || primary.link === undefined) return;
    primary.requests += 1;
    this.#change(primary, 'remove', this.#process(which), belief);
  }

  /**
   * Somebody writes to everyone who believes to be primary; it is acknowledged if all that it waits for have
   * it.
   */
  commit(): void {
    for (const primary of this.#processes) this.#commit(primary);
  }

  #commit(primary: Process): void {
    const belief = this.#beliefAsPrimary(primary);
    if (belief === undefined) return;
    this.#entries += 1;
    const waitsFor = [...belief.inSync, ...primary.asked.values()];
    // An entry reaches those who follow, whether or not the others do.
    const reached = waitsFor.filter((copy) => {
      const member = this.#process(copy.serverId - 1);
      return (
        this.#life(member).lifeId === copy.lifeId && (member === primary || this.#follows(member, belief))
      );
    });
    for (const { journalId } of reached) this.#disk(journalId).add(this.#entries);
    if (reached.length === waitsFor.length) this.#committed.add(this.#entries);
  }

  handOver(leaving: boolean): void {
    for (const primary of this.#processes) this.#handOver(primary, leaving);
  }

  #handOver(primary: Process, leaving: boolean): void {
    const belief = this.#beliefAsPrimary(primary);
    if (belief === undefined || primary.link === undefined) return;
    this.#say(primary, { kind: 'hand-over', epoch: belief.epoch, leaving });
  }

  leave(at: number): void {
    const process = this.#process(at);
    if (process.frozen || process.link === undefined) return;
    this.#say(process, { kind: 'leave', figures: this.#figures(process) });
    this.kill(at); // it has stopped to serve before it says so
  }

  /** What it has said so far reaches the router. */
  deliver(at: number): void {
    this.#deliver(this.#process(at));
  }

  /** A supervisor says so, rightly or not. */
  reportCrash(at: number, incarnationsAgo: number): void {
    const { id, incarnation } = this.#process(at);
    const life = Math.max(1, incarnation - incarnationsAgo);
    this.#step({ kind: 'crash', token: 1, cluster: 1, serverId: id, incarnation: life, detail: '' });
  }

  pass(ms: number): void {
    const until = this.#now + ms;
    while (this.#now < until) {
      this.#now = Math.min(until, this.#now + DEFAULT_TIMING.pingIntervalMs);
      for (const process of this.#processes) if (!process.frozen) this.#ping(process);
      this.#step({ kind: 'tick' });
    }
  }

  restartRouter(): void {
    for (const process of this.#processes) {
      process.link = undefined;
      process.unheard = [];
    }
    this.#registry = this.#load();
    this.#step({ kind: 'tick' });
  }

  #process(at: number): Process {
    const process = this.#processes[at % this.#processes.length];
    assert.ok(process !== undefined);
    return process;
  }

  /** Equal only where the disks hold the same. */
  #figures(process: Process): Figures {
    const entries = [...this.#disk(this.#journalOf(process))].sort((a, b) => a - b);
    const checksum = entries.reduce((hash, entry) => (Math.imul(hash, 31) + entry) >>> 0, 7);
    return { ...NO_FIGURES, durable: position(entries.length), checksum };
  }

  #journalOf({ id, journal }: Process): string {
    return `j${id}.${journal}`;
  }

  #disk(journalId: string): Set<number> {
    const disk = this.#disks.get(journalId) ?? new Set();
    this.#disks.set(journalId, disk);
    return disk;
  }

  #life(process: Process): PrimaryRef {
    const { id, incarnation } = process;
    const journalId = this.#journalOf(process);
    return { serverId: id, incarnation, journalId, lifeId: `${journalId}/${incarnation}` };
  }

  #beliefAsPrimary(process: Process): Assignment | undefined {
    const { belief } = process;
    if (!process.running || process.frozen || belief?.primary === undefined) return undefined;
    return isSameLife(belief.primary, this.#life(process)) ? belief : undefined;
  }

  /** Whether it takes entries of that epoch: it runs, and has not heard of a higher one. */
  #follows(process: Process, { epoch }: Assignment): boolean {
    return process.running && !process.frozen && (process.belief?.epoch ?? 0) <= epoch;
  }

  #change(primary: Process, change: 'add' | 'remove', who: Process, { epoch }: Assignment): void {
    primary.unheard.push({
      kind: 'change-in-sync',
      request: primary.requests,
      epoch,
      change,
      ...this.#life(who),
    });
  }

  #load(): Registry {
    const records = this.#record === undefined ? [] : [this.#record];
    return new Registry({ networkId: NETWORK, clusters: 1, timing: DEFAULT_TIMING, records });
  }

  #say(process: Process, message: MemberMessage): void {
    process.unheard.push(message);
    this.#deliver(process);
  }

  /** In order, until the router has heard it all or has ended the stream. */
  #deliver(process: Process): void {
    while (process.link !== undefined) {
      const message = process.unheard.shift();
      if (message === undefined) return;
      this.#step({ kind: 'link-message', link: process.link, message });
    }
  }

  #step(input: RegistryInput): void {
    const outputs = this.#registry.step(this.#now, input);
    for (const output of outputs) this.#perform(output);
    const records = recordsIn(outputs);
    if (records.length > 0) this.#step({ kind: 'told', records });
    this.#checkRestart();
  }

  #perform(output: RegistryOutput): void {
    switch (output.kind) {
      case 'persist':
        return this.#persist(output.record);
      case 'changed':
        return this.#told(output.assignment);
      case 'close': {
        const process = this.#processes.find(({ link }) => link === output.link);
        if (process !== undefined) {
          process.link = undefined;
          process.unheard = [];
        }
        this.#registry.step(this.#now, { kind: 'link-ended', link: output.link, reason: 'closed' });
        return;
      }
      case 'send': {
        const process = this.#processes.find(({ link }) => link === output.link);
        if (process?.frozen) process.unread.push(output.message);
        else if (process !== undefined) this.#hear(process, output.message);
        return;
      }
      default:
        return;
    }
  }

  #hear(process: Process, message: RouterMessage): void {
    if (message.kind === 'refused')
      // Nobody in this world is a stranger: only a process that is over can be refused, by its own successor.
      return assert.ok(['superseded', 'predecessor-is-live'].includes(message.reason), message.detail);
    if (message.kind !== 'welcome' && message.kind !== 'assignment') return;
    const { assignment } = message;
    this.#told(assignment);
    assert.ok(assignment.revision >= (process.belief?.revision ?? 0), 'nobody hears of the past');
    process.belief = assignment;
    if (message.kind === 'welcome') {
      process.asked.clear();
      process.welcomedLife = this.#life(process).lifeId;
    } else
      for (const request of process.asked.keys())
        if (request <= message.lastRequest) process.asked.delete(request);
  }

  #persist(record: ClusterRecord): void {
    const before = this.#record;
    this.#record = record;
    const { primary } = record;
    assert.ok(record.revision >= (before?.revision ?? 0), 'revisions rise');
    assert.ok(record.epoch >= (before?.epoch ?? 0), 'epochs never fall');
    if (primary === undefined) return;
    assert.ok(record.inSync.length > 0, 'the in-sync set is never empty');
    const holder = this.#holders.get(record.epoch) ?? primary;
    assert.ok(isSameLife(holder, primary), 'an epoch has one primary');
    this.#holders.set(record.epoch, holder);
    if (record.epoch === (before?.epoch ?? 0) || before?.primary === undefined) return;
    assert.ok(
      before.inSync.some((copy) => isSameCopy(copy, primary)) || before.orderlyEnd !== undefined,
      'who is promoted was in sync, or ends where everything ended in order',
    );
    const has = this.#disk(primary.journalId);
    for (const entry of this.#committed)
      assert.ok(has.has(entry), `entry ${entry} is lost in epoch ${record.epoch}`);
  }

  /** Whatever is told is what is on disk, or what any restart makes of that. */
  #told(assignment: Assignment): void {
    const record = this.#record;
    if (record === undefined) return assert.equal(assignment.epoch, 0);
    assert.ok(assignment.revision <= record.revision + 1, 'told and not durable');
    if (assignment.revision < record.revision) return; // was durable before; read late by one who was frozen
    assert.equal(assignment.epoch, record.epoch);
    assert.deepEqual(assignment.primary, record.primary);
    assert.deepEqual(
      assignment.inSync,
      record.inSync.map(({ lives, ...copy }) => ({ ...copy, lifeId: lives[0] })),
    );
    const primary = assignment.members.find(({ serverId: id }) => id === assignment.primary?.serverId);
    if (assignment.available) assert.equal(primary?.live, true);
    else assert.notEqual(assignment.unavailableReason, '');
  }

  /** A router that started now would have the same to tell. */
  #checkRestart(): void {
    const [now] = this.#registry.assignments();
    const [then] = this.#load().assignments();
    assert.equal(then?.epoch, now?.epoch);
    assert.deepEqual(then?.primary, now?.primary);
    assert.deepEqual(then?.inSync, now?.inSync);
    assert.deepEqual(
      then?.members.map((member) => member.serverId),
      now?.members.map((member) => member.serverId),
    );
    assert.ok((then?.revision ?? 0) >= (now?.revision ?? 0));
  }
}
