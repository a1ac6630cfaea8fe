/**
 * One running registry: the machine, its driver, and the streams and calls that use it.
 *
 * A router that is alone has one as long as it runs. One of several routers has one for each term in which it
 * leads: for the registry a new leader is a router that has started again.
 */
import {
  type ClusterRecord,
  type DualpingError,
  type MemberFigures,
  Registry,
  type Timing,
} from '@dualping/core';
import type { Report } from '@dualping/host';
import type { Access, ClassicConfirmation, ClassicReplies } from '@dualping/protocol';
import { PROCESS_CLOCK, RegistryDriver, type RegistryFence, type RegistryPorts } from '@dualping/runtime';
import createDebug from 'debug';
import { Callers } from './callers.js';
import { dialBack } from './dial-back.js';
import { MemberStreams } from './member-streams.js';
import type { RouterParts } from './services.js';
import type { LogHeader } from './store/log-lines.js';
import type { Paths } from './store/paths.js';
import { Watchers } from './watchers.js';

const debug = createDebug('dualping:router');

/** Options of the registry, and of answers to csce438 programs, from the router's start. */
export interface RegistrySettings {
  readonly timing: Timing;
  readonly heartbeatTimeoutMs: number;
  readonly dialsBack: boolean;
  readonly classicReplies: ClassicReplies;
  readonly classicConfirmation: ClassicConfirmation;
}

export interface ReignOptions extends RegistrySettings {
  readonly header: LogHeader;
  readonly records: readonly ClusterRecord[];
  /** Whether the store was made by this start. */
  readonly isNew: boolean;
  readonly paths: Paths;
  /** Who may call what. */
  readonly access: Access;
  /** 0: this router is alone. */
  readonly term: number;
  /** Undefined when it is alone. */
  readonly fence?: RegistryFence;
  readonly persist: RegistryPorts['persist'];
  readonly troubled: (detail: string | undefined) => void;
  readonly report: Report;
  readonly failed: (error: unknown) => void;
}

export class Reign {
  readonly parts: RouterParts;
  readonly #driver: RegistryDriver;
  readonly #registry: Registry;

  constructor(options: ReignOptions) {
    const { header, records, isNew, timing, heartbeatTimeoutMs, dialsBack, fence, persist, report } = options;
    const { networkId, clusters } = header;
    const registry = new Registry({
      networkId,
      clusters,
      timing,
      heartbeatTimeoutMs,
      dialsBack,
      records,
      isNew,
    });
    this.#registry = registry;
    const members = new MemberStreams(
      this.#step,
      report,
      networkId,
      options.classicReplies,
      options.access,
      options.term,
    );
    const callers = new Callers(this.#step);
    const watchers = new Watchers(networkId, registry.assignments(), () => registry.stats());
    this.parts = {
      networkId,
      clusters,
      timing,
      members,
      callers,
      watchers,
      paths: options.paths,
      auxiliaries: () => registry.auxiliaries(),
      confirmation: options.classicConfirmation,
      access: options.access,
    };
    this.#driver = new RegistryDriver(registry, {
      clock: PROCESS_CLOCK,
      wallTime: Date.now,
      ...(fence && { fence }),
      persist,
      send: (link, message) => members.send(link, message),
      close: (link) => members.close(link),
      answer: (token, answer) => callers.answer(token, answer),
      refuse: (token, { reason, detail }) => callers.refuse(token, reason, detail),
      changed: (assignment) => watchers.changed(assignment),
      probe: (question) => {
        const answer = (detail: string | undefined) =>
          this.#step({ kind: 'probed', probe: question.probe, detail });
        dialBack(question, answer, options.access.credentials);
      },
      troubled: (detail) => {
        options.troubled(detail);
        watchers.troubled(detail ?? '');
      },
      report: (event) => report({ part: 'router', ...event }),
      failed: options.failed,
    });
  }

  /** Last stats of all live members that ping. */
  stats(): MemberFigures[] {
    return this.#registry.stats();
  }

  /** Starts the grace of members from before. */
  begin(): void {
    this.#step({ kind: 'tick' });
  }

  /** Takes no more inputs. Resolves when all outputs so far have been sent. */
  async drain(): Promise<void> {
    await this.#driver.drain();
  }

  /** Stops at once: nothing more is sent. */
  stop(): void {
    this.#driver.stop();
  }

  /**
   * Ends all streams and calls. Called after `drain` or `stop`, so that streams that we end ourselves are not
   * taken for lost members.
   */
  sayGoodbye(goodbye: DualpingError): void {
    const { callers, watchers, members } = this.parts;
    callers.refuseAll(goodbye);
    watchers.endAll(goodbye);
    members.closeAll();
  }

  readonly #step: RegistryDriver['feed'] = (input) => {
    debug('%o', input);
    this.#driver.feed(input);
  };
}
