/** Runs the people in a container of their own on the servers' network. */
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { docker, keepRunning } from './engine.js';
import type { Answered, Question, Questions } from './people-messages.js';

/** Our own compiled files, which the people run; they are not part of the image. */
const COMPILED = fileURLToPath(new URL('../.', import.meta.url));
/** Beside the modules of the image, so that imports are found. */
const PLACE = '/opt/dualping/e2e';

/** Longest to wait for an answer, ms: `verdict` takes the longest. */
const ANSWER_LIMIT_MS = 120_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class PeopleContainer {
  readonly #waiting = new Map<number, Waiting>();
  readonly #stderr: string[] = [];
  #next = 1;
  #ended = false;

  private constructor(
    readonly name: string,
    readonly process: ChildProcessByStdio<Writable, Readable, Readable>,
  ) {
    createInterface({ input: process.stdout }).on('line', (line) => this.#hear(line));
    createInterface({ input: process.stderr }).on('line', (line) => this.#stderr.push(line));
    process.stdin.on('error', () => {}); // its end is handled below
    process.once('close', (code) => {
      this.#ended = true;
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the people's container ended with ${code}:\n${this.#stderr.join('\n')}`));
      this.#waiting.clear();
    });
  }

  static async start(name: string, image: string, network: string, certs: string): Promise<PeopleContainer> {
    // As in compose.yaml: no outside name server is asked about names that are gone.
    const place = ['--network', network, '--dns', '127.0.0.1', '--volume', `${certs}:/certs:ro`];
    const options = ['--interactive', '--name', name, ...place, '--no-healthcheck'];
    await docker('create', ...options, '--entrypoint', 'node', image, `${PLACE}/containers/people.js`);
    await docker('cp', COMPILED, `${name}:${PLACE}`);
    return new PeopleContainer(name, keepRunning(['docker', 'start', '--attach', '--interactive', name]));
  }

  async ask<Q extends Question>(question: Q, ask: Questions[Q]['ask']): Promise<Questions[Q]['answer']> {
    if (this.#ended) throw new Error(`the people's container has ended:\n${this.#stderr.join('\n')}`);
    const id = this.#next;
    this.#next += 1;
    let limit: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve: (answer) => resolve(answer as Questions[Q]['answer']), reject });
        const late = new Error(`the people have not answered "${question}" within ${ANSWER_LIMIT_MS} ms`);
        limit = setTimeout(() => reject(late), ANSWER_LIMIT_MS);
        this.process.stdin.write(`${JSON.stringify({ id, question, ask })}\n`);
      });
    } finally {
      clearTimeout(limit);
      this.#waiting.delete(id);
    }
  }

  async remove(): Promise<void> {
    this.process.stdin.end();
    await docker('rm', '--force', this.name);
  }

  #hear(line: string): void {
    const answered = JSON.parse(line) as Answered;
    const waiting = this.#waiting.get(answered.id);
    this.#waiting.delete(answered.id);
    if ('error' in answered) waiting?.reject(new Error(answered.error));
    else waiting?.resolve(answered.answer);
  }
}
