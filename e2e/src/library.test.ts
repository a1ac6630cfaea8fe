/**
 * Other services as members, and a client that follows the primary: the programs of docs/library.md,
 * unchanged, are killed, frozen and ended in order, also without the router.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RouterClient, registerDualpingResolver } from '@dualping/client';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { eventually } from './eventually.js';
import { Program } from './program.js';
import { TestCluster } from './test-cluster.js';

const DOCUMENT = new URL('../../docs/library.md', import.meta.url);
const PROGRAMS = /^`([a-z]+\.mjs)`\n\n```js\n([\s\S]*?)^```$/gm;

/** Calls in flight at once, each to be answered within a second. */
const CALLERS = 4;
const CALL_TIMEOUT_MS = 1_000;
const ENOUGH_ANSWERS = 100;

/** Inside the repository, so that the programs find their imports. */
const folder = mkdtempSync(fileURLToPath(new URL('library-', import.meta.url)));

/** Calls the service all the time. */
class Caller {
  readonly answers: string[] = [];
  readonly failures: string[] = [];
  readonly #client: Client;
  readonly #calling: Promise<void>[];
  #stopped = false;

  constructor(target: string) {
    this.#client = new Client(target, credentials.createInsecure());
    this.#calling = Array.from({ length: CALLERS }, () => this.#callOn());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#calling);
    this.#client.close();
  }

  async isAnsweredBy(member: string): Promise<void> {
    const from = this.answers.length;
    await eventually(
      `an answer of ${member}`,
      () => this.answers.slice(from).some((answer) => answer.endsWith(`this is ${member}`)),
      undefined,
      () => `${this.answers.at(-1)}\n${this.failures.slice(-5).join('\n')}`,
    );
  }

  async getsAnswers(count: number): Promise<void> {
    const from = this.answers.length;
    await eventually(`${count} answers`, () => this.answers.length >= from + count);
  }

  async #callOn(): Promise<void> {
    while (!this.#stopped) await this.#call();
  }

  #call(): Promise<void> {
    const metadata = new Metadata({ waitForReady: true });
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        '/example.Greeter/Greet',
        (text: string) => Buffer.from(text),
        (bytes) => bytes.toString(),
        'ana',
        metadata,
        { deadline: Date.now() + CALL_TIMEOUT_MS },
        (error, answer) => {
          if (error === null) this.answers.push(answer ?? '');
          else this.failures.push(error.message);
          resolve();
        },
      );
    });
  }
}

let cluster: TestCluster;
let routers: RouterClient;
const programs: Program[] = [];

function start(name: string, ...args: string[]): Program {
  const program = new Program(process.execPath, [join(folder, name), ...args]);
  programs.push(program);
  return program;
}

const startMember = (id: number): Program => start('member.mjs', `${id}`, cluster.routerAddress);

before(async () => {
  for (const [, name = '', text = ''] of readFileSync(DOCUMENT, 'utf8').matchAll(PROGRAMS))
    writeFileSync(join(folder, name), text);
  cluster = await TestCluster.start({ servers: 0, insecure: true });
  routers = new RouterClient({ routers: [cluster.routerAddress], credentials: cluster.operator });
});

after(async () => {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ exited }) => exited));
  routers.close();
  await cluster.destroy();
  rmSync(folder, { recursive: true, force: true });
});

test('clients follow services of others: killed, frozen, leaving, handing over, and without the router', async (t) => {
  const s1 = startMember(1);
  await s1.says('s1 is primary in epoch 1');
  const s2 = startMember(2);
  await s2.says('s2 waits in epoch 1');
  const s3 = startMember(3);
  await s3.says('s3 waits in epoch 1');
  const shown = start('client.mjs', cluster.routerAddress);
  await shown.says('hello mira, this is s1 in epoch 1');

  registerDualpingResolver({ routers: [cluster.routerAddress] });
  const caller = new Caller('dualping:///service/greeter');
  await caller.isAnsweredBy('s1 in epoch 1');

  s1.signal('SIGKILL');
  await caller.isAnsweredBy('s2 in epoch 2');
  const secondLife = startMember(1);
  await secondLife.says('s1 waits in epoch 2');

  const saidBefore = s2.lines.length;
  s2.signal('SIGSTOP');
  await caller.isAnsweredBy('s1 in epoch 3');
  s2.signal('SIGCONT');
  await s2.says('s2 waits in epoch 3', saidBefore);
  const saidSince = s2.lines.slice(saidBefore);
  assert.deepEqual(
    saidSince
      .slice(saidSince.findIndex((line) => !line.includes('primary')))
      .filter((line) => line.includes('primary')),
    [],
    'once thawed it did not believe what it had known',
  );

  const failuresBefore = caller.failures.length;
  secondLife.signal('SIGTERM');
  await caller.isAnsweredBy('s2 in epoch 4');
  assert.equal(await secondLife.exited, 0);
  await routers.handover('greeter');
  await caller.isAnsweredBy('s3 in epoch 5');
  await caller.getsAnswers(ENOUGH_ANSWERS);
  assert.deepEqual(caller.failures.slice(failuresBefore), [], 'what is planned costs no call');

  const saidWithRouter = s3.lines.length;
  await cluster.router.kill();
  await eventually('s3 has lost the router', () =>
    s3.lines.slice(saidWithRouter).some((it) => it.includes('connecting')),
  );
  await caller.getsAnswers(ENOUGH_ANSWERS);
  await cluster.startRouter();
  await s3.says('s3 is primary in epoch 5', saidWithRouter);
  await caller.getsAnswers(ENOUGH_ANSWERS);
  assert.deepEqual(caller.failures.slice(failuresBefore), [], 'the router is not on the way of calls');
  const { epoch, primary } = await routers.available({ service: 'greeter' });
  assert.deepEqual([epoch, primary?.serverId], [5, 3]);

  await caller.stop();
  t.diagnostic(
    `${caller.answers.length} calls answered; ${caller.failures.length} lost to a kill and a freeze`,
  );
});
