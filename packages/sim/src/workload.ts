/** The actions of the users behind the clients, until the storm is over. */
import { MAX_LIST_PAGE, type Position, type PostReference, referenceTo } from '@dualping/core';
import type { ClientProcess } from './client-process.js';
import type { Random } from './random.js';
import { type ClientPlan, type Setup, serverNameOf } from './setup.js';
import type { World } from './world.js';

/** Most unanswered requests of a user: with so many the user waits. */
const MAX_UNANSWERED = 40;
/** Mean time that a timeline is left unread, ms. */
const UNREAD_MS = 600;

/** Mean time that a user stays away, ms. */
const AWAY_MS = 200;

/** Share of posts that name a user. */
const NAME_CHANCE = 0.2;
/** Share of posts that answer another one, and of these the share that answer a post that is not there. */
const ANSWER_CHANCE = 0.3;
const ANSWER_NOTHING_CHANCE = 0.05;

type Act =
  | 'post'
  | 'burst'
  | 'follow'
  | 'unfollow'
  | 'list'
  | 'older'
  | 'leave-unread'
  | 'hang-up'
  | 'come-again'
  | 'trespass'
  | 'retry';

const ACTS: readonly (readonly [Act, number])[] = [
  ['post', 50],
  ['burst', 4],
  ['follow', 16],
  ['unfollow', 7],
  ['list', 4],
  ['older', 8],
  ['leave-unread', 3],
  ['hang-up', 2],
  ['come-again', 1],
  ['trespass', 2],
  ['retry', 2],
];

/** Actions when users come and go all the time, and change whom they follow. */
const CHURN: typeof ACTS = [
  ['post', 40],
  ['burst', 4],
  ['follow', 40],
  ['unfollow', 34],
  ['list', 14],
  ['older', 14],
  ['leave-unread', 6],
  ['hang-up', 12],
  ['come-again', 6],
  ['retry', 2],
];

export class Person {
  readonly #random: Random;
  readonly #users: readonly string[];
  #posts = 0;
  /** A generator of its own: whether posts answer others changes nothing else in a world. */
  readonly #answering: Random;

  constructor(
    readonly world: World,
    readonly client: ClientProcess,
    readonly plan: ClientPlan,
    readonly setup: Setup,
    random: Random,
  ) {
    this.#random = random.fork(`person ${plan.name}`);
    this.#answering = random.fork(`answers of ${plan.name}`);
    this.#users = [...new Set(setup.clients.map(({ user }) => user)), 'nobody'];
  }

  live(): void {
    const waitMs = this.#random.exponential(this.plan.pauseMs);
    if (this.world.now + waitMs > this.setup.stormMs) return;
    this.world.after(waitMs, `${this.plan.name} acts`, () => {
      this.#act();
      this.live();
    });
  }

  #act(): void {
    const { client } = this;
    const { session } = client;
    if (session === undefined || session.unsettled >= MAX_UNANSWERED) return;
    switch (this.#draw()) {
      case 'post':
        return this.#post();
      case 'burst':
        for (let posts = this.#random.between(2, 12); posts > 0; posts -= 1) this.#post();
        return;
      case 'follow':
        return client.submit({ kind: 'follow', target: this.#random.pick(this.#users) });
      case 'unfollow':
        return client.submit({ kind: 'unfollow', target: this.#random.pick(this.#users) });
      case 'list':
        return client.query({ kind: 'list', after: undefined, limit: MAX_LIST_PAGE });
      case 'older': {
        if (session.history === undefined) return;
        const seen = session.delivered;
        const before = seen.length === 0 ? 1 : (seen[this.#random.below(seen.length)]?.position ?? 1);
        return client.query({
          kind: 'older',
          before: before as Position,
          limit: this.#random.between(1, 20),
        });
      }
      case 'leave-unread':
        client.pause(true);
        client.later(this.#random.exponential(UNREAD_MS), `${client.name} reads on`, () =>
          client.pause(false),
        );
        return;
      case 'hang-up': {
        const { state } = client.machine ?? {};
        if (state?.kind !== 'live' && state?.kind !== 'connecting') return;
        return client.network.sever(client.name, state.target.address, this.#random.chance(0.2));
      }
      case 'come-again':
        client.close();
        this.world.after(this.#random.exponential(AWAY_MS), `${client.name} comes again`, () => {
          if (!client.running) client.start();
        });
        return;
      case 'trespass': {
        const { servers, clusters } = this.setup;
        if (clusters === 1) return;
        const others = Array.from({ length: clusters }, (_, at) => at + 1).filter(
          (at) => at !== client.cluster,
        );
        return client.trespass(serverNameOf(this.#random.between(1, servers), this.#random.pick(others)));
      }
      case 'retry':
        return client.receive(() => client.feed({ kind: 'retry-now' }));
    }
  }

  #post(): void {
    this.#posts += 1;
    const answers = this.#answers();
    const name = this.#answering.chance(NAME_CHANCE) ? ` @${this.#answering.pick(this.#users)}` : '';
    const text = `${this.plan.name}/${this.#posts}${name}`;
    this.client.submit({ kind: 'post', text, ...(answers !== undefined && { answers }) });
  }

  /** Some posts answer one that was seen; a few answer one that is not there. */
  #answers(): PostReference | undefined {
    const random = this.#answering;
    const seen = this.client.session?.delivered ?? [];
    const post = seen[random.below(Math.max(1, seen.length))];
    if (post === undefined || !random.chance(ANSWER_CHANCE)) return undefined;
    if (random.chance(ANSWER_NOTHING_CHANCE))
      return { position: (post.position + 1) as Position, author: 'nobody' };
    return referenceTo(post);
  }

  #draw(): Act {
    const acts = this.setup.churn ? CHURN : ACTS;
    const total = acts.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.#random.next() * total;
    for (const [act, weight] of acts) {
      left -= weight;
      if (left < 0) return act;
    }
    return 'post';
  }
}
