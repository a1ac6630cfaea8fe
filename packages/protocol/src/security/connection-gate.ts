/**
 * How many connections one address may have, decided before anything is read on them.
 *
 * A connection above the limit is closed at once. Parts of the network are exempt, but a part is known only
 * after its handshake. So a connection from an address of a known part may still do the handshake, and is
 * closed if it turns out not to be a part. Addresses of the machine itself are not limited: a local program
 * can do worse.
 */
import type { Socket } from 'node:net';
import { Allowances, DualpingError, type Instant, LimitTally, RecencyMap } from '@dualping/core';

/** For each of them 0 means: no limit. */
export interface ConnectionLimits {
  /** Open connections of one address. */
  readonly perAddress: number;
  /** New connections of one address a second; as many at once as may be open. */
  readonly perSecond: number;
}

/**
 * A program that serves thousands of users needs two or three, a household one for each person. At 20 a
 * second handshakes of a stranger take 3 % of a processor.
 */
export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = Object.freeze({ perAddress: 64, perSecond: 20 });

/** Addresses whose new connections are counted: beyond this, the least recent one starts from zero. */
const MAX_METERED_ADDRESSES = 10_000;
/** The last addresses from which parts connected: more than a network has machines. */
const MAX_PART_ADDRESSES = 1_000;
/** A higher limit would mean none. */
const LARGEST_LIMIT = 1_000_000_000;
/** Groups of an IPv6 address that count as one address: its owner has the whole network. */
const GROUPS_OF_A_NETWORK = 4;

/** @throws DualpingError `invalid-argument`, quoting the first value that is not allowed */
export function parseConnectionLimits(given: Partial<ConnectionLimits>): ConnectionLimits {
  const limits = { ...DEFAULT_CONNECTION_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits))
    if (!Number.isSafeInteger(value) || value < 0 || value > LARGEST_LIMIT)
      throw new DualpingError(
        'invalid-argument',
        `connections ${name} is "${value}": give a whole number, 0 for no limit`,
      );
  return Object.freeze(limits);
}

/** The part of a socket that shows its origin. */
export interface Origin {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
}

/** `on trial`: above the limit, unless it proves to be a part. `exempt`: a part's connection. */
type Standing = 'counted' | 'on trial' | 'exempt';

export class ConnectionGate {
  readonly #limits: ConnectionLimits;
  readonly #now: () => Instant;
  readonly #limited: (text: string) => void;
  readonly #tally = new LimitTally();
  readonly #arrivals: Allowances<string> | undefined;
  /** Counted connections that are open, by place. */
  readonly #open = new Map<string, number>();
  /** Connections that are open, by peer. */
  readonly #standings = new Map<string, Standing>();
  readonly #partPlaces = new RecencyMap<string, true>();
  #timer: NodeJS.Timeout | undefined;

  /** @param limited gets a line about refusals, once a minute at most */
  constructor(
    limits: ConnectionLimits = DEFAULT_CONNECTION_LIMITS,
    limited: (text: string) => void = () => {},
    now: () => Instant = () => performance.now(),
  ) {
    this.#limits = limits;
    this.#limited = limited;
    this.#now = now;
    const { perAddress, perSecond } = limits;
    if (perSecond > 0)
      this.#arrivals = new Allowances(
        { burst: Math.max(perAddress, perSecond), perSecond },
        MAX_METERED_ADDRESSES,
      );
  }

  /** Number of addresses in memory. */
  get places(): number {
    return this.#open.size;
  }

  /** Whether a new connection may stay; otherwise it is closed. */
  accepts(socket: Socket): boolean {
    const { remoteAddress, remotePort, localAddress } = socket;
    const origin = { remoteAddress, remotePort, localAddress };
    if (!this.admits(origin)) {
      socket.destroy();
      return false;
    }
    socket.once('close', () => this.closed(origin));
    return true;
  }

  /** As `accepts`, but the caller closes it; for a connection that may stay it must later call `closed`. */
  admits(socket: Origin): boolean {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return false; // it has closed already
    if (isOfThisMachine(socket)) return true;
    const place = placeOf(remoteAddress);
    const now = this.#now();
    const { perAddress } = this.#limits;
    const open = this.#open.get(place) ?? 0;
    const limit =
      perAddress > 0 && open >= perAddress
        ? 'connections of an address'
        : (this.#arrivals?.waitMs(place, now) ?? 0) > 0
          ? 'new connections of an address'
          : undefined;
    const peer = peerOf(socket);
    if (limit === undefined) {
      this.#arrivals?.take(place, now);
      this.#open.set(place, open + 1);
      this.#standings.set(peer, 'counted');
      return true;
    }
    if (this.#partPlaces.touch(place) === true) {
      this.#standings.set(peer, 'on trial');
      return true;
    }
    this.#refused(limit, remoteAddress);
    return false;
  }

  /** Whether a connection may stay, after the handshake has shown whether it is a part's. */
  proved(socket: Origin, isPart: boolean): boolean {
    const { remoteAddress = '' } = socket;
    const peer = peerOf(socket);
    const standing = this.#standings.get(peer);
    if (standing === undefined) return true;
    if (isPart) {
      this.#partPlaces.add(placeOf(remoteAddress), true);
      while (this.#partPlaces.size > MAX_PART_ADDRESSES) this.#partPlaces.deleteFirst();
      if (standing === 'counted') this.#oneLess(placeOf(remoteAddress));
      this.#standings.set(peer, 'exempt');
      return true;
    }
    if (standing !== 'on trial') return true;
    this.#refused('connections of an address with parts', remoteAddress);
    return false;
  }

  /** @param socket as it was while it was open */
  closed(socket: Origin): void {
    const peer = peerOf(socket);
    if (this.#standings.get(peer) === 'counted') this.#oneLess(placeOf(socket.remoteAddress ?? ''));
    this.#standings.delete(peer);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #oneLess(place: string): void {
    const open = (this.#open.get(place) ?? 0) - 1;
    if (open > 0) this.#open.set(place, open);
    else this.#open.delete(place);
  }

  #refused(limit: string, address: string): void {
    this.#tally.note(limit, address);
    this.#say();
  }

  #say(): void {
    const now = this.#now();
    const line = this.#tally.takeLine(now);
    if (line !== undefined) this.#limited(line);
    const dueAt = this.#tally.dueAt;
    if (dueAt === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#say();
    }, dueAt - now).unref();
  }
}

const peerOf = ({ remoteAddress, remotePort }: Origin): string => `${remoteAddress}:${remotePort}`;

const MAPPED = /^::ffff:(?=\d+\.)/i;

function isOfThisMachine({ remoteAddress = '', localAddress }: Origin): boolean {
  const address = remoteAddress.replace(MAPPED, '');
  return address.startsWith('127.') || address === '::1' || remoteAddress === localAddress;
}

/** An IPv4 address, or the network of an IPv6 address. */
export function placeOf(remoteAddress: string): string {
  const address = remoteAddress.replace(MAPPED, '');
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  while (groups.length + last.length < 8) groups.push('0');
  return [...groups, ...last].slice(0, GROUPS_OF_A_NETWORK).join(':');
}
