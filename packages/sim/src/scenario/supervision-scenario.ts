/**
 * Runs scenarios of the machines of supervision, with their drivers. Intervals are 1 s. While time passes
 * processes that are not frozen answer pings.
 */
import { type ExitKind, type Farewell, Supervisor, SupervisorWatch } from '@dualping/core';
import {
  type KeepAliveClient,
  type KeepAliveListener,
  type ProcessListener,
  type SupervisedProcess,
  SupervisorDriver,
  SupervisorWatchDriver,
} from '@dualping/runtime';
import { ScenarioClock } from './scenario-clock.js';
import { actBy, type Performer, ScenarioError, type Verb } from './script.js';

const KEEP_ALIVE_MS = 1_000;

abstract class SupervisionScenario implements Performer {
  protected readonly clock = new ScenarioClock();
  #lines: string[] = [];

  protected abstract readonly verbs: readonly Verb[];
  /** What the other process does while time passes. */
  protected abstract whileTimePasses(): void;

  act(line: string): readonly string[] {
    const { clock } = this;
    actBy(
      [
        [/^(\d+) ms pass$/, (ms) => this.#pass(clock.now() + Number(ms))],
        [/^(\d+) ms pass in which nobody here runs$/, (ms) => clock.moveTo(clock.now() + Number(ms))],
        ...this.verbs,
      ],
      line,
    );
    return this.#lines.splice(0);
  }

  protected readonly show = (text: string): void => {
    this.#lines.push(`  ${text}`);
  };

  protected readonly report = (event: string, text: string): void => this.show(`* ${event}: ${text}`);

  #pass(until: number): void {
    const { clock } = this;
    while (clock.due <= until) {
      clock.moveTo(clock.due);
      clock.fireIfDue();
      this.whileTimePasses();
    }
    clock.moveTo(until);
  }
}

export class SupervisorScenario extends SupervisionScenario implements SupervisedProcess {
  readonly #driver = new SupervisorDriver(new Supervisor('s1', { keepAliveMs: KEEP_ALIVE_MS }), this, {
    clock: this.clock,
    report: this.report,
    finished: (outcome) => {
      const how = outcome.kind === 'told' ? 'told,' : `given up, ${outcome.because}:`;
      this.show(`finished: ${how} ${outcome.detail}`);
    },
  });
  #process: ProcessListener | undefined;
  /** Of all links, in the order in which they were opened. */
  readonly #links: KeepAliveListener[] = [];
  #running = false;
  #frozen = false;
  #pinged = false;
  #reported: ((isNoted: boolean) => void) | undefined;

  protected override readonly verbs: readonly Verb[] = [
    [/^begins with nothing running$/, () => this.#driver.begin()],
    [/^begins with a process running$/, () => this.#adopted()],
    [/^it listens, incarnation (\d+)$/, (n) => this.#process?.listening(Number(n))],
    [/^it listens$/, () => this.#process?.listening(undefined)],
    [/^it welcomes$/, () => this.#link().greeted()],
    [/^it welcomes on link (\d+)$/, (link) => this.#link(Number(link)).greeted()],
    [/^it freezes$/, () => this.#freeze(true)],
    [/^it thaws$/, () => this.#freeze(false)],
    [/^the link breaks$/, () => this.#link().ended('broke')],
    [
      /^it says that it ends, (told|refused|died): (.+)$/,
      (kind, detail) => this.#link().farewell({ kind: kind as Farewell['kind'], detail }),
    ],
    [/^it exits, unseen$/, () => this.#process?.exited(undefined, 'is gone')],
    [
      /^it exits, (told|refused|misused|died)$/,
      (exit) => this.#process?.exited(exit as ExitKind, `ended (${exit})`),
    ],
    [/^the router has noted it$/, () => this.#reported?.(true)],
    [/^the router can't be told$/, () => this.#reported?.(false)],
    [/^is told to stop$/, () => this.#driver.stop()],
  ];

  protected override whileTimePasses(): void {
    if (!this.#pinged || this.#frozen) return;
    this.#pinged = false;
    this.#link().heard();
  }

  // What the driver asks of the process.

  adopt(listener: ProcessListener): boolean {
    this.#process = listener;
    return this.#running;
  }

  start(listener: ProcessListener): void {
    this.#process = listener;
    this.#frozen = false;
    this.show('starts it');
  }

  openLink(listener: KeepAliveListener): KeepAliveClient {
    const number = this.#links.push(listener);
    this.#pinged = false;
    this.show(`opens link ${number}`);
    return {
      ping: () => {
        this.#pinged = true;
      },
      close: () => this.show(`closes link ${number}`),
    };
  }

  terminate = (): void => this.show('tells it to end');
  kill = (): void => this.show('kills it');

  reportCrash(incarnation: number, detail: string, reported: (isNoted: boolean) => void): void {
    this.#reported = reported;
    this.show(`tells the router that incarnation ${incarnation} is gone: ${detail}`);
  }

  /** @param number default: the last one */
  #link(number = this.#links.length): KeepAliveListener {
    const link = this.#links[number - 1];
    if (link === undefined) throw new ScenarioError(`there is no link ${number}`);
    return link;
  }

  #adopted(): void {
    this.#running = true;
    this.#driver.begin();
  }

  #freeze(frozen: boolean): void {
    this.#frozen = frozen;
  }
}

export class SupervisorWatchScenario extends SupervisionScenario {
  readonly #driver = new SupervisorWatchDriver(new SupervisorWatch({ keepAliveMs: KEEP_ALIVE_MS }), {
    clock: this.clock,
    closeLink: (link) => this.show(`closes link ${link}`),
    startSupervisor: (replace) =>
      this.show(replace ? 'starts a supervisor in place of whoever holds the place' : 'starts a supervisor'),
    report: this.report,
  });
  #link = 0;
  #frozen = false;

  protected override readonly verbs: readonly Verb[] = [
    [/^begins$/, () => this.#driver.feed({ kind: 'tick' })],
    [/^a supervisor attaches$/, () => this.#attach()],
    [/^its link ends$/, () => this.#driver.feed({ kind: 'link-ended', link: this.#link })],
    [/^link (\d+) ends$/, (link) => this.#driver.feed({ kind: 'link-ended', link: Number(link) })],
    [
      /^it freezes$/,
      () => {
        this.#frozen = true;
      },
    ],
    [/^the server is told to stop$/, () => this.#driver.feed({ kind: 'stop' })],
  ];

  protected override whileTimePasses(): void {
    if (this.#link > 0 && !this.#frozen) this.#driver.feed({ kind: 'heard', link: this.#link });
  }

  #attach(): void {
    this.#link += 1;
    this.#frozen = false;
    this.#driver.feed({ kind: 'attached', link: this.#link, keepAliveMs: KEEP_ALIVE_MS });
  }
}
