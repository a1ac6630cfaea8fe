/** The real registry, with a store that survives crashes and links over the test network. */
import {
  type Assignment,
  type ClusterId,
  type ClusterRecord,
  type Instant,
  type MemberMessage,
  Registry,
  type RegistryInput,
  type RegistryOutput,
  type RouterMessage,
  serverId,
  serverName,
  type Timing,
} from '../index.js';
import { recordsIn } from '../registry/play.fixture.js';
import type { Actor, Connection, Stage } from './stage.fixture.js';

export const NETWORK = 'net';
export type RouterConnection = Connection<MemberMessage, RouterMessage>;

export class RouterOnStage implements Actor {
  readonly name = 'router';
  readonly #records = new Map<ClusterId, ClusterRecord>();
  readonly #links = new Map<number, RouterConnection>();
  #registry: Registry | undefined;
  #numbers = 0;
  #told = '';

  constructor(
    readonly stage: Stage,
    readonly timing: Timing,
    readonly say: (line: string) => void,
  ) {
    stage.enter(this);
  }

  /** The record on its disk, which alone says which member may be promoted. */
  get record(): ClusterRecord | undefined {
    return this.#records.get(1);
  }
  get assignment(): Assignment | undefined {
    return this.#registry?.assignments()[0];
  }
  get running(): boolean {
    return this.#registry !== undefined;
  }

  start(): void {
    const { timing } = this;
    const records = [...this.#records.values()];
    this.#registry = new Registry({ networkId: NETWORK, clusters: 1, timing, records });
    this.step({ kind: 'tick' });
  }

  crash(): void {
    this.#registry = undefined;
    for (const connection of this.#links.values()) connection.closeByDialled('the router is gone');
    this.#links.clear();
  }

  handOver(): void {
    this.#numbers += 1;
    this.step({ kind: 'handover', token: this.#numbers, cluster: 1 });
  }

  promoteUnclean(id: number, acceptLoss = true): void {
    this.#numbers += 1;
    this.step({ kind: 'promote', token: this.#numbers, cluster: 1, serverId: serverId(id), acceptLoss });
  }

  /** A stream is dialled. Returns its link, or undefined when the router is down. */
  accept(connection: RouterConnection): number | undefined {
    if (this.#registry === undefined) return undefined;
    this.#numbers += 1;
    this.#links.set(this.#numbers, connection);
    return this.#numbers;
  }

  /** Returns false when the link is not of this life. */
  hear(link: number, message: MemberMessage): boolean {
    if (!this.#links.has(link)) return false;
    this.step({ kind: 'link-message', link, message });
    return true;
  }

  ended(link: number): void {
    if (this.#links.delete(link)) this.step({ kind: 'link-ended', link, reason: 'the stream ended' });
  }

  nextDeadline(): Instant | undefined {
    return this.#registry?.nextDeadline();
  }

  tick(): void {
    this.step({ kind: 'tick' });
  }

  step(input: RegistryInput): void {
    const outputs = this.#registry?.step(this.stage.now, input) ?? [];
    for (const output of outputs) this.#perform(output);
    const records = recordsIn(outputs);
    if (records.length > 0) this.step({ kind: 'told', records });
  }

  #perform(output: RegistryOutput): void {
    switch (output.kind) {
      case 'persist':
        this.#records.set(output.record.cluster, output.record);
        return;
      case 'send':
        this.#links.get(output.link)?.sendDown(output.message);
        return;
      case 'close':
        this.#links.get(output.link)?.closeByDialled(output.why);
        this.stage.send(this.name, this.name, () => this.ended(output.link));
        return;
      case 'changed':
        return this.#tell(output.assignment);
      case 'answer':
        if (output.answer.kind === 'assignment') this.say('router: tells the operator that it is done');
        return;
      case 'refuse':
        this.say(`router: refuses the operator: ${output.reason}`);
        return;
      case 'report':
        return;
    }
  }

  /** Writes an assignment to the transcript when something in it has changed that transcripts show. */
  #tell({ epoch, primary, available, inSync }: Assignment): void {
    if (primary === undefined) return;
    const names = inSync.map((member) => serverName(member.serverId)).join(' ');
    const away = available ? '' : ', who is away';
    const line = `router: epoch ${epoch} is ${serverName(primary.serverId)}'s${away}; in sync: ${names}`;
    if (line !== this.#told) this.say(line);
    this.#told = line;
  }
}
