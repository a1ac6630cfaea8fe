/** Deliberate bugs of what routers do with a store that they share; each is caught in its own worlds. */
import type { Mutant } from '../mutants.js';

const FENCE = 'leadership/fence.js';
const LEADERSHIP = 'leadership/leadership.js';
const PEER = 'leadership/peer-watch.js';
const GRACE = 'leadership/takeover-grace.js';
const REGISTRY_DRIVER = { package: 'runtime', file: 'registry-driver.js' } as const;

export const SHARED_STORE_MUTANTS: readonly Mutant[] = [
  {
    name: 'writes-without-the-term',
    bug: 'a change is made whoever leads by now',
    patches: [
      {
        file: FENCE,
        find: 'compares: [{ key: LEADER_KEY, mod: term }, ...changes.map(',
        replace: 'compares: [...changes.map(',
      },
    ],
  },
  {
    name: 'writes-without-the-record',
    bug: 'a change is made over whatever is there: a late duplicate overwrites what came after it',
    patches: [
      {
        file: FENCE,
        find: ', ...changes.map(({ key, known }) => ({ key, mod: known }))]',
        replace: ']',
      },
    ],
  },
  {
    name: 'trusts-its-first-try',
    bug: 'a change that fails is taken for an earlier try that succeeded, without a look at what is there',
    patches: [
      {
        file: FENCE,
        find: "if (key.leader?.term !== term)\n        return { kind: 'fenced', ...key };",
        replace: "if (key.leader?.term !== term) return { kind: 'written', mods: changes.map(() => 0) };",
      },
    ],
  },
  {
    name: 'speaks-before-the-fence',
    bug: 'what needs no change of the store is said without asking whether this router still leads',
    patches: [
      {
        ...REGISTRY_DRIVER,
        find: '(fence === undefined || !batch.some(isWord))',
        replace: 'true',
      },
    ],
  },
  {
    name: 'answers-pings-for-ever',
    bug: 'a leader that can not reach the store answers pings for twenty seconds',
    patches: [
      {
        file: LEADERSHIP,
        find: 'return now < this.#confirmedUntil(UNCONFIRMED_MS);',
        replace: 'return now < this.#confirmedUntil(20_000);',
      },
      {
        file: LEADERSHIP,
        find: 'next = Math.min(next, this.#confirmedUntil(UNCONFIRMED_MS));',
        replace: 'next = Math.min(next, this.#confirmedUntil(20_000));',
      },
    ],
  },
  {
    name: 'short-routed-grace',
    bug: 'a new leader of members without a journal waits no longer than one that has started again',
    patches: [
      { file: GRACE, find: "if (!records.some(({ mode }) => mode === 'routed'))", replace: 'if (true)' },
    ],
  },
  {
    name: 'deposes-whom-it-never-heard',
    bug: 'the silence of a leader counts though it was never heard in its term',
    patches: [{ file: PEER, find: 'return this.#stood ? ', replace: 'return true ? ' }],
  },
  {
    name: 'forgets-its-own-campaign',
    bug: 'a router that finds its own name as leader, though it does not lead, waits for itself',
    patches: [
      {
        file: LEADERSHIP,
        find: 'this.#leader.id === this.#options.id)\n            this.#campaign',
        replace: 'false) this.#campaign',
      },
    ],
  },
  {
    name: 'leads-on-though-deaf',
    bug: 'a leader that hears no member any more goes on leading',
    patches: [{ file: LEADERSHIP, find: 'if (this.#isDeaf())', replace: 'if (false)' }],
  },
  {
    name: 'makes-a-second-network',
    bug: 'a router leads whatever the store has, and makes a network where it has none',
    patches: [
      { file: LEADERSHIP, find: '|| this.#objection !== undefined)', replace: ')' },
      {
        package: 'runtime',
        file: 'leadership-driver.js',
        find: "if (objection !== undefined)\n            return this.#feed({ kind: 'won-in-vain', objection });",
        replace: '',
      },
    ],
  },
  {
    name: 'hands-over-to-itself',
    bug: 'a router that has handed over campaigns at once, like any other',
    patches: [
      { file: LEADERSHIP, find: 'if (this.#now < this.#abstainsUntil)\n            return;', replace: '' },
    ],
  },
];
