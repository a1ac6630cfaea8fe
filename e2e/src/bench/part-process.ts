/**
 * A part of a benchmark in a process of its own: a load generator, or a bare server. The measured program
 * runs in other processes, so the work of one is never hidden in the event loop of another.
 *
 * A part is a module that ends with `servePart(methods)`; the process that starts it calls the methods by
 * name, over Node's IPC channel.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The methods of a part; arguments and results are plain values, or arrays of numbers and bytes. */
export type PartMethods = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly no: number;
  readonly method: string;
  readonly argument: unknown;
}

type Answer =
  | { readonly no: number; readonly ok: true; readonly value: unknown }
  | { readonly no: number; readonly ok: false; readonly problem: string };

/** In the part: answers calls until the parent is gone. */
export function servePart(methods: PartMethods): void {
  process.on('message', (question: Question) => void answer(methods, question));
  process.once('disconnect', () => process.exit(0));
}

async function answer(methods: PartMethods, { no, method, argument }: Question): Promise<void> {
  let reply: Answer;
  try {
    const perform = methods[method] as ((argument: unknown) => unknown) | undefined;
    if (perform === undefined) throw new Error(`there is no method "${method}"`);
    reply = { no, ok: true, value: await perform(argument) };
  } catch (error) {
    reply = {
      no,
      ok: false,
      problem: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  process.send?.(reply);
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The parent's side. `Methods` is the type of the part's methods. */
export class Part<Methods extends PartMethods> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #lastNo = 0;

  /** @param module the compiled file, relative to `from` (an `import.meta.url`) */
  constructor(module: string, from: string, nodeFlags: readonly string[] = []) {
    this.#child = fork(fileURLToPath(new URL(module, from)), {
      serialization: 'advanced',
      execArgv: [...nodeFlags],
    });
    this.#child.on('message', (reply: Answer) => {
      const waiting = this.#waiting.get(reply.no);
      this.#waiting.delete(reply.no);
      if (reply.ok) waiting?.resolve(reply.value);
      else waiting?.reject(new Error(`${module}: ${reply.problem}`));
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`${module} has ended`));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async call<Name extends keyof Methods & string>(
    method: Name,
    argument: Parameters<Methods[Name]>[0],
  ): Promise<Awaited<ReturnType<Methods[Name]>>> {
    this.#lastNo += 1;
    const no = this.#lastNo;
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(no, { resolve, reject }));
    this.#child.send({ no, method, argument } satisfies Question, (error) => {
      if (error !== null) this.#waiting.get(no)?.reject(error);
    });
    return (await answered) as Awaited<ReturnType<Methods[Name]>>;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
