/**
 * Collects the outputs of one step. The same object serves all steps; it is empty after its outputs were
 * taken.
 *
 * During the step clusters are only marked. At its end each changed cluster is sealed, and its messages come
 * after its `persist` (persisted-before-spoken): first those to members, the primary before the others; then
 * those to watchers and waiting callers; then all other messages; and last the lines for the operator.
 */
import type { Assignment } from '../assignment.js';
import type { Instant } from '../ids.js';
import type { RouterMessage } from '../messages.js';
import type { Cluster } from './cluster.js';
import type { Durable } from './durable.js';
import type {
  Refusal,
  RegistryAnswer,
  RegistryEvent,
  RegistryLink,
  RegistryOutput,
  RegistryToken,
} from './registry-messages.js';

export interface Announcer {
  /** The message that carries an assignment on this link. */
  readonly tell: (link: RegistryLink, assignment: Assignment, isWelcome: boolean) => RouterMessage;
  /** Removes and returns all calls that waited for this assignment. */
  readonly content: (assignment: Assignment) => readonly RegistryToken[];
}

export class StepOutputs {
  readonly #touched = new Set<Cluster>();
  readonly #welcome = new Set<RegistryLink>();
  readonly #owed = new Set<RegistryLink>();
  #said: RegistryOutput[] = [];
  #asked: { readonly token: RegistryToken; readonly assignment: Assignment }[] = [];
  #ordered: { readonly token: RegistryToken; readonly cluster: Cluster }[] = [];
  #events: RegistryEvent[] = [];

  /** The cluster may have changed. */
  touch(cluster: Cluster): void {
    this.#touched.add(cluster);
  }

  /** The member on this link gets its first assignment. */
  welcome(link: RegistryLink, cluster: Cluster): void {
    this.#welcome.add(link);
    this.touch(cluster);
  }

  /**
   * The member on this link gets the assignment even if it has not changed, as the answer to a request.
   */
  owe(link: RegistryLink, cluster: Cluster): void {
    this.#owed.add(link);
    this.touch(cluster);
  }

  send(link: RegistryLink, message: RouterMessage): void {
    this.#said.push({ kind: 'send', link, message, overtakes: false });
  }

  /**
   * Sends a message before everything that waits for the disk. The message must not depend on any of that.
   */
  sendAtOnce(link: RegistryLink, message: RouterMessage): void {
    this.#said.push({ kind: 'send', link, message, overtakes: true });
  }

  close(link: RegistryLink, why: string): void {
    this.#said.push({ kind: 'close', link, why });
  }

  answer(token: RegistryToken, answer: RegistryAnswer): void {
    this.#said.push({ kind: 'answer', token, answer, overtakes: false });
  }

  /** A durable assignment is sent before everything that waits for the disk. */
  answerWith(token: RegistryToken, assignment: Assignment): void {
    this.#asked.push({ token, assignment });
  }

  /** What this step makes of the cluster is told when it is durable. */
  answerWhenSealed(token: RegistryToken, cluster: Cluster): void {
    this.touch(cluster);
    this.#ordered.push({ token, cluster });
  }

  refuse(token: RegistryToken, { reason, detail }: Refusal): void {
    this.#said.push({ kind: 'refuse', token, reason, detail });
  }

  report(event: RegistryEvent['event'], text: string): void {
    this.#events.push({ event, text });
  }

  /** Seals what has changed. Outputs added after this and before `takeRest` still belong to the step. */
  seal(now: Instant, announcer: Announcer): RegistryOutput[] {
    const outputs: RegistryOutput[] = [];
    for (const cluster of this.#touched) {
      const change = cluster.seal(now);
      const { assignment } = cluster;
      if (change !== undefined) outputs.push({ kind: 'persist', record: change.record });
      const isNews = change?.assignment !== undefined;
      for (const link of cluster.links()) {
        const isWelcome = this.#welcome.has(link);
        if (!isNews && !isWelcome && !this.#owed.has(link)) continue;
        const message = announcer.tell(link, assignment, isWelcome);
        outputs.push({ kind: 'send', link, message, overtakes: false });
      }
      if (isNews) {
        outputs.push({ kind: 'changed', assignment });
        for (const token of announcer.content(assignment))
          outputs.push({
            kind: 'answer',
            token,
            answer: { kind: 'assignment', assignment },
            overtakes: false,
          });
      }
      for (const event of cluster.takeEvents()) this.#events.push(event);
    }
    return outputs;
  }

  say(output: Extract<RegistryOutput, { readonly kind: 'probe' | 'trouble' }>): void {
    this.#said.push(output);
  }

  /** All other messages, and the lines for the operator. The next step begins empty. */
  takeRest(durable: Durable): RegistryOutput[] {
    const answers = this.#asked.map(({ token, assignment }): RegistryOutput => {
      const atOnce = durable.inPlaceOf(assignment);
      const answer = { kind: 'assignment', assignment: atOnce ?? assignment } as const;
      return { kind: 'answer', token, answer, overtakes: atOnce !== undefined };
    });
    const ordered = this.#ordered.map(({ token, cluster }): RegistryOutput => {
      const answer = { kind: 'assignment', assignment: cluster.assignment } as const;
      return { kind: 'answer', token, answer, overtakes: false };
    });
    const reports = this.#events.map((event): RegistryOutput => ({ kind: 'report', event }));
    const rest = [...this.#said, ...answers, ...ordered, ...reports];
    for (const marked of [this.#touched, this.#welcome, this.#owed]) marked.clear();
    this.#said = [];
    this.#asked = [];
    this.#ordered = [];
    this.#events = [];
    return rest;
  }
}
