/** A member of the registry as a scenario describes it: who it is, what its disk has, what it says. */
import {
  type Candidate,
  type ClusterKey,
  type Epoch,
  epoch,
  LEVEL,
  type LifeId,
  type MemberMessage,
  NO_STATS,
  position,
  type RegistryLink,
  type ServerId,
  type Stats,
  serverId,
} from '@dualping/core';
import { ScenarioError } from './script.js';

export class ScriptedMember {
  readonly serverId: ServerId;
  cluster: ClusterKey = 1;
  incarnation = 1;
  journalId: string;
  address: string;
  link: RegistryLink | undefined;
  frozen = false;
  /** It has said `attach` and has no welcome yet: it does not ping. */
  awaitsWelcome = false;
  /** So many questions were asked on this link. */
  requests = 0;
  /** Why it can't be dialled. */
  unreachable: string | undefined;
  cannotReach: readonly ServerId[] = [];
  /** The last welcomed life stored on its disk, by journal; set when the member pings for the first time. */
  readonly welcomed = new Map<string, LifeId>();
  networkId = '';
  /** Sends nothing after its welcome. */
  silent = false;
  #seen: Epoch = epoch(0);
  #attempt = 0;
  /** The life id if the scenario gives one; else it follows from journal and incarnation. */
  #life: LifeId = '';
  /** Of its build. */
  #level = LEVEL;
  /** Whether its `attach` says that it was asked to stop. */
  #leaving = false;
  #committed = 0;
  #durable = 0;
  #lastEpoch = 0;
  #revision = 0;

  constructor(number: number) {
    this.serverId = serverId(number);
    this.journalId = `j${number}`;
    this.address = `host${number}:7000`;
  }

  /** @param how as `, incarnation 2, no journal, network n, epoch 3, service x, at host:1, silently` */
  set(how: string): void {
    this.#life = '';
    this.silent = false;
    this.#leaving = false;
    for (const word of how.split(',').map((part) => part.trim())) {
      const [what = '', value = ''] = word.split(' ');
      if (word === '') continue;
      else if (word === 'no journal') this.journalId = '';
      else if (what === 'incarnation') this.incarnation = Number(value);
      else if (what === 'journal') this.journalId = value;
      else if (what === 'network') this.networkId = value;
      else if (what === 'epoch') this.#seen = epoch(Number(value));
      else if (what === 'cluster') this.cluster = Number(value);
      else if (what === 'service') this.cluster = value;
      else if (what === 'attempt') this.#attempt = Number(value) - 1;
      else if (what === 'at') this.address = value;
      else if (what === 'level') this.#level = Number(value);
      else if (what === 'life') this.#life = value;
      else if (what === 'welcomed') this.welcomed.set(this.journalId, value);
      else if (what === 'durable') this.#durable = Number(value);
      else if (what === 'committed') this.#committed = Number(value);
      else if (what === 'last') this.#lastEpoch = Number(value);
      else if (what === 'revision') this.#revision = Number(value);
      else if (word === 'silently') this.silent = true;
      else if (word === 'leaving') this.#leaving = true;
      else throw new ScenarioError(`nobody knows how to play "${word}"`);
    }
  }

  get lifeId(): LifeId {
    return this.#life === '' ? `${this.journalId}/${this.incarnation}` : this.#life;
  }

  get stats(): Stats {
    return {
      ...NO_STATS,
      durable: position(this.#durable),
      committed: position(this.#committed),
      lastEpoch: epoch(this.#lastEpoch),
    };
  }

  get candidate(): Candidate {
    const { networkId, cluster, serverId: id, incarnation, journalId, lifeId, address } = this;
    const welcomedLife = this.welcomed.get(journalId) ?? '';
    return { networkId, cluster, serverId: id, incarnation, journalId, lifeId, welcomedLife, address };
  }

  /** Its next attempt to attach. */
  attach(): MemberMessage {
    this.#attempt += 1;
    this.awaitsWelcome = true;
    return {
      kind: 'attach',
      ...this.candidate,
      epoch: this.#seen,
      revision: this.#revision,
      stats: this.stats,
      replicates: this.journalId !== '',
      attempt: this.#attempt,
      leaving: this.#leaving,
      build: { version: `0.${this.#level}`, level: this.#level },
    };
  }

  ping(sequence: number): MemberMessage {
    return { kind: 'ping', sequence, stats: this.stats, cannotReach: this.cannotReach };
  }
}
