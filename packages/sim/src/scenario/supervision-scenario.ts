/**
 * Runs scenarios of the machines of supervision. Intervals are 1 s. While time passes processes that are not
 * frozen answer pings.
 */
import {
  type ExitKind,
  type Machine,
  Supervisor,
  type SupervisorInput,
  type SupervisorOutput,
  SupervisorWatch,
  type SupervisorWatchInput,
  type SupervisorWatchOutput,
  unreachable,
} from '@dualping/core';
import { MachineLoop } from '@dualping/runtime';
import { ScenarioClock } from './scenario-clock.js';
import { actBy, type Performer, type Verb } from './script.js';

abstract class SupervisionScenario<Input extends { readonly kind: string }, Output> implements Performer {
  readonly #clock = new ScenarioClock();
  readonly #loop: MachineLoop<Input, Output>;
  #lines: string[] = [];

  constructor(machine: Machine<Input, Output>) {
    this.#loop = new MachineLoop(machine, { clock: this.#clock, perform: (output) => this.#perform(output) });
  }

  protected abstract readonly verbs: readonly Verb[];
  /** Performs an output in the model, and returns its line; undefined when there is nothing to show. */
  protected abstract show(output: Output): string | undefined;
  /** What the model does while time passes. */
  protected abstract whileTimePasses(): void;

  act(line: string): readonly string[] {
    const clock = this.#clock;
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

  protected step(input: Input | { readonly kind: 'tick' }): void {
    this.#loop.feed(input);
  }

  #pass(until: number): void {
    const clock = this.#clock;
    while (clock.due <= until) {
      clock.moveTo(clock.due);
      clock.fireIfDue();
      this.whileTimePasses();
    }
    clock.moveTo(until);
  }

  #perform(output: Output): void {
    const shown = this.show(output);
    if (shown !== undefined) this.#lines.push(`  ${shown}`);
  }
}

const outcomeText = (outcome: Extract<SupervisorOutput, { kind: 'finished' }>['outcome']): string =>
  outcome.kind === 'told' ? `told, ${outcome.detail}` : `given up, ${outcome.because}: ${outcome.detail}`;

export class SupervisorScenario extends SupervisionScenario<SupervisorInput, SupervisorOutput> {
  #link = 0;
  #frozen = false;
  #pinged = false;

  constructor() {
    super(new Supervisor('s1', { keepAliveMs: 1_000 }));
  }

  protected override readonly verbs: readonly Verb[] = [
    [/^begins with nothing running$/, () => this.step({ kind: 'begin', running: false })],
    [/^begins with a process running$/, () => this.step({ kind: 'begin', running: true })],
    [/^it listens, incarnation (\d+)$/, (n) => this.step({ kind: 'listening', incarnation: Number(n) })],
    [/^it listens$/, () => this.step({ kind: 'listening', incarnation: undefined })],
    [/^it welcomes$/, () => this.step({ kind: 'greeted', link: this.#link })],
    [/^it welcomes on link (\d+)$/, (link) => this.step({ kind: 'greeted', link: Number(link) })],
    [/^it freezes$/, () => this.#freeze(true)],
    [/^it thaws$/, () => this.#freeze(false)],
    [/^the link breaks$/, () => this.step({ kind: 'link-ended', link: this.#link, detail: 'broke' })],
    [
      /^it says that it ends, (told|refused|died): (.+)$/,
      (kind, detail) =>
        this.step({
          kind: 'farewell',
          link: this.#link,
          farewell: { kind: kind as 'told' | 'refused' | 'died', detail },
        }),
    ],
    [/^it exits, unseen$/, () => this.#exit(undefined)],
    [/^it exits, (told|refused|misused|died)$/, (exit) => this.#exit(exit as ExitKind)],
    [/^the router has noted it$/, () => this.step({ kind: 'crash-noted' })],
    [/^the router can't be told$/, () => this.step({ kind: 'crash-failed' })],
    [/^is told to stop$/, () => this.step({ kind: 'stop' })],
  ];

  protected override whileTimePasses(): void {
    if (!this.#pinged || this.#frozen) return;
    this.#pinged = false;
    this.step({ kind: 'heard', link: this.#link });
  }

  protected override show(output: SupervisorOutput): string | undefined {
    switch (output.kind) {
      case 'start':
        this.#frozen = false;
        return 'starts it';
      case 'open-link':
        this.#link = output.link;
        this.#pinged = false;
        return `opens link ${output.link}`;
      case 'ping':
        this.#pinged = true;
        return undefined;
      case 'close-link':
        return `closes link ${output.link}`;
      case 'terminate':
        return 'tells it to end';
      case 'kill':
        return 'kills it';
      case 'report-crash':
        return `tells the router that incarnation ${output.incarnation} is gone: ${output.detail}`;
      case 'finished':
        return `finished: ${outcomeText(output.outcome)}`;
      case 'report':
        return `* ${output.event}: ${output.text}`;
      default:
        return unreachable(output);
    }
  }

  #freeze(frozen: boolean): void {
    this.#frozen = frozen;
  }

  #exit(exit: ExitKind | undefined): void {
    this.step({ kind: 'exited', exit, detail: exit === undefined ? 'is gone' : `ended (${exit})` });
  }
}

export class SupervisorWatchScenario extends SupervisionScenario<
  SupervisorWatchInput,
  SupervisorWatchOutput
> {
  #link = 0;
  #frozen = false;

  constructor() {
    super(new SupervisorWatch({ keepAliveMs: 1_000 }));
  }

  protected override readonly verbs: readonly Verb[] = [
    [/^begins$/, () => this.step({ kind: 'tick' })],
    [/^a supervisor attaches$/, () => this.#attach()],
    [/^its link ends$/, () => this.step({ kind: 'link-ended', link: this.#link })],
    [/^link (\d+) ends$/, (link) => this.step({ kind: 'link-ended', link: Number(link) })],
    [
      /^it freezes$/,
      () => {
        this.#frozen = true;
      },
    ],
    [/^the server is told to stop$/, () => this.step({ kind: 'stop' })],
  ];

  protected override whileTimePasses(): void {
    if (this.#link > 0 && !this.#frozen) this.step({ kind: 'heard', link: this.#link });
  }

  protected override show(output: SupervisorWatchOutput): string {
    switch (output.kind) {
      case 'close-link':
        return `closes link ${output.link}`;
      case 'start-supervisor':
        return output.replace
          ? 'starts a supervisor in place of whoever holds the place'
          : 'starts a supervisor';
      case 'report':
        return `* ${output.event}: ${output.text}`;
      default:
        return unreachable(output);
    }
  }

  #attach(): void {
    this.#link += 1;
    this.#frozen = false;
    this.step({ kind: 'attached', link: this.#link, keepAliveMs: 1_000 });
  }
}
