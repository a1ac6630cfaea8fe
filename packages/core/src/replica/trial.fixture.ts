/**
 * A cluster under a random schedule, with a witness that looks at everything after every delivery.
 *
 * The witness knows nothing of how the machines work, only what they promise: what was acknowledged
 * stays on every in-sync member, once; one server acknowledges in an epoch; nothing that anybody
 * committed is ever another entry somewhere else; timelines only go forward and leave nothing out.
 */
import assert from 'node:assert/strict';
import {
  type Command,
  type Entry,
  epoch,
  NO_POSITION,
  type Position,
  position,
  type Replica,
  type RequestNumber,
  type UserName,
} from '../index.js';
import { ClusterOnStage } from './cluster.fixture.js';
import type { Outcome, ServerOnStage } from './server-on-stage.fixture.js';

/** Requests that a client has unanswered at most: more find nothing more, and take longer. */
const MAX_UNANSWERED = 4;
/** Virtual time in which everything must be well again once nothing is broken any more. */
const HEALING_MS = 30_000;

interface Client {
  readonly user: UserName;
  last: RequestNumber;
  /** Sent at least once and not answered, in order. */
  readonly unanswered: Map<RequestNumber, Command>;
  timeline: { readonly server: ServerOnStage } | undefined;
  readonly seen: Position[];
}

const nameOf = (entry: Entry): string => `${entry.epoch}:${entry.sessionId}#${entry.requestNo}`;

class Witness {
  /** Every entry that was ever written, by epoch and position. */
  readonly #written = new Map<string, string>();
  /** What is at a position that some server committed. */
  readonly #committed = new Map<Position, string>();
  /** Where an acknowledged request is. */
  readonly #acknowledged = new Map<string, Position>();
  readonly #acknowledgedBy = new Map<number, Replica | undefined>();
  readonly #commits = new WeakMap<Replica, Position>();

  wrote(server: ServerOnStage, entry: Entry): void {
    const key = `${entry.epoch}:${entry.position}`;
    const text = JSON.stringify(entry);
    const known = this.#written.get(key);
    if (known === undefined) this.#written.set(key, text);
    else assert.equal(text, known, `${server.name} has another entry at ${key}`);
  }

  answered(session: string, requestNo: RequestNumber, outcome: Extract<Outcome, { kind: 'answered' }>): void {
    const { server, reply } = outcome;
    const holder = this.#acknowledgedBy.get(outcome.epoch) ?? server.replica;
    assert.equal(server.replica, holder, `two servers acknowledged in epoch ${outcome.epoch}`);
    this.#acknowledgedBy.set(outcome.epoch, holder);
    const key = `${session}#${requestNo}`;
    const before = this.#acknowledged.get(key) ?? reply.position;
    assert.equal(reply.position, before, `${key} was acknowledged at two positions`);
    this.#acknowledged.set(key, reply.position);
  }

  look({ servers, router }: ClusterOnStage): void {
    for (const server of servers) this.#lookAtCommits(server);
    for (const member of router.record?.inSync ?? []) {
      const server = servers.find(({ disk }) => disk.journalId === member.journalId);
      if (server !== undefined) this.#lookAtDisk(server);
    }
  }

  #lookAtCommits({ name, replica, disk }: ServerOnStage): void {
    if (replica === undefined) return;
    const { committed } = replica.ledger;
    const before = this.#commits.get(replica) ?? NO_POSITION;
    assert.ok(committed >= before, `the commits of ${name} fell from ${before} to ${committed}`);
    this.#commits.set(replica, committed);
    for (let at = position(before + 1); at <= committed; at = position(at + 1)) {
      const entry = disk.written.read(at);
      if (entry === undefined) continue; // within a snapshot
      const known = this.#committed.get(at) ?? nameOf(entry);
      assert.equal(nameOf(entry), known, `${name} committed another entry at ${at}`);
      this.#committed.set(at, known);
    }
  }

  #lookAtDisk({ name, disk: { durable } }: ServerOnStage): void {
    for (const [key, at] of this.#acknowledged) {
      if (at < durable.first) continue; // within a snapshot
      const entry = durable.read(at);
      const found = entry === undefined ? 'nothing' : `${entry.sessionId}#${entry.requestNo}`;
      assert.equal(found, key, `in-sync ${name} lacks what was acknowledged at ${at}`);
    }
  }
}

export class Trial {
  readonly #witness = new Witness();
  readonly cluster: ClusterOnStage;
  readonly #clients: readonly Client[];

  constructor(servers = 3) {
    this.cluster = new ClusterOnStage(servers, undefined, (server, entry) =>
      this.#witness.wrote(server, entry),
    );
    this.cluster.stage.onDelivered = () => this.#witness.look(this.cluster);
    this.#clients = ['ann', 'ben'].map((user) => ({
      user,
      last: 0,
      unanswered: new Map(),
      timeline: undefined,
      seen: [],
    }));
    this.cluster.router.start();
    for (const server of this.cluster.servers) server.start();
    this.cluster.stage.settle();
  }

  server(choice: number): ServerOnStage {
    const { servers } = this.cluster;
    const server = servers[choice % servers.length];
    assert.ok(server);
    return server;
  }

  /** Mostly the one that the router would name, as clients do. */
  likelyServer(choice: number): ServerOnStage {
    const primary = this.cluster.router.assignment?.primary;
    return this.server(primary === undefined || choice % 4 === 0 ? choice : primary.serverId - 1);
  }

  client(choice: number): Client {
    const client = this.#clients[choice % this.#clients.length];
    assert.ok(client);
    return client;
  }

  /** A new request, at any server, with what the router would have told of epochs. */
  ask(client: Client, server: ServerOnStage): void {
    if (client.unanswered.size >= MAX_UNANSWERED) return;
    const { user } = client;
    client.last += 1;
    const command: Command =
      client.last === 1 ? { kind: 'register', user } : { kind: 'post', user, text: `post ${client.last}` };
    client.unanswered.set(client.last, command);
    this.#send(client, server, client.last, command);
  }

  /** All that is unanswered again, in order. */
  askAgain(client: Client, server: ServerOnStage): void {
    for (const [requestNo, command] of client.unanswered) this.#send(client, server, requestNo, command);
  }

  /** A timeline, after what was seen last. */
  read(client: Client, server: ServerOnStage): void {
    if (client.timeline !== undefined) return;
    const timeline = { server };
    client.timeline = timeline;
    const { stage } = this.cluster;
    stage.send(client.user, server.name, () => {
      const ended = (): void => {
        if (client.timeline === timeline) client.timeline = undefined;
      };
      if (server.replica === undefined) return ended();
      const link = server.openTimeline(
        {
          kind: 'timeline-open',
          user: client.user,
          epoch: this.#epoch,
          resumeAfter: client.seen.at(-1) ?? NO_POSITION,
          history: 200,
          posts: true,
        },
        {
          take: (posts) => {
            if (client.timeline !== timeline) return true;
            for (const post of posts) this.#see(client, post.position);
            if (client.seen.length % 3 !== 0) return true;
            // As if every third message filled the stream's buffer, until the client has drained it.
            stage.send(client.user, server.name, () => server.drained(link));
            return false;
          },
          say: () => {},
          ended,
        },
      );
    });
  }

  /** Nothing is broken any more: everything asked is answered, everything is the same everywhere. */
  heal(): void {
    const { stage, router, servers } = this.cluster;
    stage.heal();
    for (let ms = 0; ms < HEALING_MS; ms += 500) {
      if (!router.running) router.start();
      for (const server of servers) if (server.replica === undefined) server.start();
      stage.pass(500);
      if (this.#isWell()) return this.#checkTimelines();
      const primary = servers.find(
        ({ name }) => name === `s${router.assignment?.primary?.serverId}` && router.assignment?.available,
      );
      if (primary === undefined) continue;
      for (const client of this.#clients) {
        if (client.last === 0) this.ask(client, primary);
        this.askAgain(client, primary);
        this.read(client, primary);
      }
    }
    assert.fail(`not well ${HEALING_MS} ms after everything was mended:\n${this.#state()}`);
  }

  get #epoch(): ReturnType<typeof epoch> {
    return this.cluster.router.assignment?.epoch ?? epoch(0);
  }

  #send(client: Client, server: ServerOnStage, requestNo: RequestNumber, command: Command): void {
    const inEpoch = this.#epoch;
    this.cluster.stage.send(client.user, server.name, () => {
      const { user: sessionId } = client;
      const request = {
        kind: 'write',
        token: 0,
        sessionId,
        requestNo,
        epoch: inEpoch,
        command,
        timeMs: 0,
      } as const;
      server.request(request, (outcome) => {
        if (outcome.kind !== 'answered') return;
        this.#witness.answered(sessionId, requestNo, outcome);
        client.unanswered.delete(requestNo);
      });
    });
  }

  #see(client: Client, at: Position): void {
    const before = client.seen.at(-1) ?? NO_POSITION;
    assert.ok(at > before, `${client.user} saw ${before} and then ${at}`);
    client.seen.push(at);
  }

  #isWell(): boolean {
    const { servers, router } = this.cluster;
    const [first] = servers;
    return (
      router.assignment?.inSync.length === servers.length &&
      this.#clients.every(
        ({ unanswered, timeline, last }) => unanswered.size === 0 && timeline && last > 0,
      ) &&
      servers.every(
        ({ disk, replica }) =>
          disk.durable.checksum === first?.disk.durable.checksum &&
          replica?.ledger.committed === disk.durable.last &&
          disk.durable.last === first.disk.durable.last,
      )
    );
  }

  /** Everybody sees all of what they posted, and nothing else: nobody follows anybody here. */
  #checkTimelines(): void {
    const posts = this.server(0).disk.durable.posts;
    for (const { user, seen } of this.#clients) {
      const own = [...posts.values()].filter(
        ({ command }) => command.kind === 'post' && command.user === user,
      );
      assert.deepEqual(
        seen,
        own.map((entry) => entry.position),
        `${user}'s timeline`,
      );
    }
  }

  #state(): string {
    const { servers, router, lines } = this.cluster;
    const told = JSON.stringify(router.assignment);
    const clients = this.#clients.map(
      ({ user, unanswered, timeline }) =>
        `${user}: unanswered ${[...unanswered.keys()]}, ${timeline ? 'reads' : 'reads nothing'}`,
    );
    const states = servers.map(
      ({ name, replica, disk }) =>
        `${name}: ${replica?.role} serving ${replica?.servingEpoch} committed ${replica?.ledger.committed} durable ${disk.durable.last}`,
    );
    return [told, ...clients, ...states, ...lines.slice(-30)].join('\n');
  }
}
