/**
 * What a member does about a router that refuses it.
 *
 * A wrong router is not the member's fault: the router's folder was emptied, reverted or copied, or its
 * address was given to another network. Its refusal must not end a member that serves. Only a router of our
 * own network may say that this life is over, because another life has taken its place.
 */
import type { Address, NetworkId } from '../ids.js';
import type { RouterMessage } from '../messages.js';
import { actionFor, type Reason } from '../reasons.js';

type Refused = Extract<RouterMessage, { readonly kind: 'refused' }>;

/**
 * Reasons that end this life: another life of this server is valid, or this one lacks data that it must have.
 */
const OVER: ReadonlySet<Reason> = new Set([
  'superseded',
  'stale-incarnation',
  'duplicate-server',
  'older-copy',
]);

export class RouterRefusals {
  /** Routers whose refusal would be final, since the last welcome. */
  readonly #final = new Set<Address>();
  #hasServed = false;
  /** The last text that was reported, so that it is reported once. */
  #said = '';

  constructor(readonly routers: readonly Address[]) {}

  /** Whether any router has welcomed this life. */
  get hasServed(): boolean {
    return this.#hasServed;
  }

  welcomed(): void {
    this.#hasServed = true;
    this.#final.clear();
    this.#said = '';
  }

  /** Whether this differs from the last reported text. */
  isNews(text: string): boolean {
    const isNews = text !== this.#said;
    this.#said = text;
    return isNews;
  }

  /**
   * Whether the refusal ends this life. A life that was never welcomed ends when each of its routers has
   * refused it with `give-up`: a first start that can't work fails at once.
   */
  isFinal({ reason, networkId }: Refused, from: Address, ours: NetworkId | ''): boolean {
    if (actionFor(reason) !== 'give-up') return false;
    if (this.#hasServed) return OVER.has(reason) && networkId === ours;
    // The router's folder is older; this server is not wrong. An operator can repair that.
    if (reason === 'router-store-too-old' && networkId === ours) return false;
    this.#final.add(from);
    return this.#final.size >= new Set(this.routers).size;
  }
}
