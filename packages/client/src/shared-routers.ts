/**
 * Asks all routers that share a store for the leader, and for the state of each.
 *
 * A router is identified by the address in its answer, because the given address may be another name of it.
 * The leader names the routers that stand by, so that one address is enough to find all of them.
 */
import { type Address, DualpingError } from '@dualping/core';
import type { Dialling, LeaderNews } from '@dualping/protocol';
import { RouterLink } from './router-link.js';
import { STANDING_WAIT_MS } from './timeouts.js';

/** The router that leads, of several that share a store. */
export interface LeadingRouter {
  /** Empty when none leads, as far as the routers that answered know. */
  readonly address: Address | '';
  /** Rises with each leader. */
  readonly term: number;
}

/** The state of one of several routers. */
export interface RouterStanding {
  readonly address: Address;
  /** `absent`: it did not answer. */
  readonly state: 'leads' | 'follows' | 'absent';
  /** Why it is absent; empty when it is not. */
  readonly detail: string;
}

/** The routers that share a store. */
export interface SharedRouters {
  readonly leader: LeadingRouter;
  /** By address: the given ones, and those that the leader knows. */
  readonly routers: readonly RouterStanding[];
}

interface Asked {
  readonly address: Address;
  readonly news: LeaderNews | undefined;
  readonly problem: string;
}

/** Undefined if a router shares its store with no other, or if none answers. */
export async function askSharedRouters(
  links: readonly RouterLink[],
  dialling: Dialling,
): Promise<SharedRouters | undefined> {
  const asked = await Promise.all(links.map(ask));
  const first = newest(asked);
  if (first === undefined) return undefined;
  const isMissing = (address: Address | ''): address is Address =>
    address !== '' && !asked.some((each) => each.address === address || each.news?.router === address);
  if (isMissing(first.address)) asked.push(await askAt(first.address, dialling));
  const { address, term, standbys } = newest(asked) ?? first;
  const known = asked.map((each) => standingOf(each, term));
  const unasked = standbys.filter(isMissing).map((standby) => standing(standby, 'follows'));
  const byAddress = new Map([...known, ...unasked].map((each) => [each.address, each]));
  const routers = [...byAddress.values()].sort((one, other) => (one.address < other.address ? -1 : 1));
  return { leader: { address, term }, routers };
}

/** The answer with the highest term, of routers that say that they lead; if none does, of all. */
function newest(asked: readonly Asked[]): LeaderNews | undefined {
  const told = asked.flatMap(({ news }) => (news === undefined ? [] : [news]));
  const rank = ({ leads, term }: LeaderNews): number => (leads ? term + 0.5 : term);
  return told.sort((one, other) => rank(other) - rank(one))[0];
}

async function ask(link: RouterLink): Promise<Asked> {
  try {
    return { address: link.address, news: await link.leader({ timeoutMs: STANDING_WAIT_MS }), problem: '' };
  } catch (error) {
    const problem = error instanceof DualpingError ? error.detail : String(error);
    return { address: link.address, news: undefined, problem };
  }
}

async function askAt(address: Address, dialling: Dialling): Promise<Asked> {
  const link = new RouterLink(address, dialling);
  try {
    return await ask(link);
  } finally {
    link.close();
  }
}

function standingOf({ address, news, problem }: Asked, term: number): RouterStanding {
  if (problem !== '') return standing(address, 'absent', problem);
  if (news === undefined) return standing(address, 'absent', 'it shares its store with no other router');
  return standing(news.router || address, news.leads && news.term === term ? 'leads' : 'follows');
}

const standing = (address: Address, state: RouterStanding['state'], detail = ''): RouterStanding => ({
  address,
  state,
  detail,
});
