/**
 * Runs in a container of the network: some people who post all the time, and do what the lines on stdin say.
 *
 * Times between acknowledgements are measured here, by one clock: commands of the engine take tens of
 * milliseconds themselves.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type NetworkStatus, RouterClient } from '@dualping/client';
import { NETWORK_FILE, readCredentials, readNetworkFile } from '@dualping/security';
import { eventually } from '../eventually.js';
import { type Acknowledged, Person } from '../person.js';
import type { Answered, Asked, Progress, Question, Questions, Verdict } from './people-messages.js';

/** Longest that a timeline may take to show what was acknowledged, ms. */
const CATCH_UP_MS = 60_000;

/**
 * A light load: a container for each part is a lot for a small machine, and the test is about the faults.
 */
const PACE = { inFlight: 2, thinkingMs: 40 };

/** Where the certificates of the network are mounted. */
const CERTS = '/certs';
const OPERATOR = { role: 'operator', name: 'up' } as const;

let people: readonly Person[] = [];
const routerClients = new Map<string, RouterClient>();

/** The acknowledgements of all people, in the order in which they came. */
const acknowledged = (): readonly Acknowledged[] =>
  people.flatMap((person) => person.acknowledged).sort((a, b) => a.at - b.at);

async function start({ users, routers }: Questions['start']['ask']): Promise<null> {
  const network = readNetworkFile(join(CERTS, NETWORK_FILE));
  people = users.map((user) => new Person(user, routers, PACE, network));
  for (const person of people)
    for (const other of users) if (other !== person.user) await person.follow(other);
  for (const person of people) person.startPosting();
  return null;
}

function progress(): Progress {
  return {
    acknowledged: people.reduce((sum, person) => sum + person.acknowledged.length, 0),
    failures: people.flatMap((person) => person.failures),
  };
}

function gapAfter({ epoch }: Questions['gapAfter']['ask']): number | null {
  const all = acknowledged();
  const first = all.find((post) => post.epoch > epoch);
  const last = all.findLast((post) => post.epoch <= epoch);
  return first === undefined || last === undefined ? null : first.at - last.at;
}

function longestGap({ since }: Questions['longestGap']['ask']): number {
  const times = acknowledged()
    .slice(Math.max(0, since - 1))
    .map(({ at }) => at);
  times.push(performance.now());
  return Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? at)));
}

async function stop(): Promise<null> {
  await Promise.all(people.map((person) => person.stopPosting()));
  return null;
}

const ordered = (posts: readonly { readonly position: number; readonly text: string }[]): string =>
  [...posts]
    .sort((a, b) => a.position - b.position)
    .map(({ position, text }) => `${position} ${text}`)
    .join('\n');

/**
 * Checks that each timeline has each acknowledged post of each author once, in the order in which they were
 * sent.
 */
async function verdict(): Promise<Verdict> {
  const wrong: string[] = [...progress().failures];
  const expected = progress().acknowledged;
  await Promise.all(
    people.map((reader) =>
      eventually(
        `${reader.user} sees ${expected} posts`,
        () => reader.seen.length >= expected,
        CATCH_UP_MS,
        () => `${reader.user} saw ${reader.seen.length}`,
      ).catch((error: unknown) => wrong.push(String(error))),
    ),
  );
  for (const reader of people) {
    for (const author of people) {
      const seen = reader.seen.filter((post) => post.author === author.user);
      const asShown = seen.map(({ position, text }) => `${position} ${text}`).join('\n');
      if (asShown !== ordered(author.acknowledged))
        wrong.push(`${reader.user}'s view of ${author.user} is not what ${author.user} was told`);
      if (seen.some(({ text }, i) => text !== `${author.user} ${i + 1}`))
        wrong.push(`${reader.user} sees posts of ${author.user} in another order than they were sent`);
    }
  }
  return { acknowledged: acknowledged().map(({ text, position }) => ({ text, position })), wrong };
}

async function status({ routers }: Questions['status']['ask']): Promise<NetworkStatus> {
  const key = routers.join();
  const client =
    routerClients.get(key) ?? new RouterClient({ routers, credentials: readCredentials(CERTS, OPERATOR) });
  routerClients.set(key, client);
  return await client.status();
}

type Answers = {
  readonly [Q in Question]: (
    ask: Questions[Q]['ask'],
  ) => Questions[Q]['answer'] | Promise<Questions[Q]['answer']>;
};

const ANSWERS: Answers = { start, progress, gapAfter, longestGap, stop, verdict, status };

async function answer<Q extends Question>(question: Q, ask: Questions[Q]['ask']): Promise<unknown> {
  return await ANSWERS[question](ask);
}

const say = (answered: Answered): boolean => process.stdout.write(`${JSON.stringify(answered)}\n`);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, question, ask } = JSON.parse(line) as Asked;
    answer(question, ask as Questions[Question]['ask']).then(
      (value) => say({ id, answer: value }),
      (error: unknown) =>
        say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  })
  .on('close', () => process.exit());
