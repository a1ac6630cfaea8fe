/** Addresses to dial and to listen at: `127.0.0.1:7070`, `db.example:7070`, `[::1]:7070`. */
import { isIPv6 } from 'node:net';
import { type Address, DualpingError, quote } from '@dualping/core';

export interface HostAndPort {
  /** A name or IP address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
}

export const MAX_PORT = 65_535;
/** Longest name that DNS allows. */
const MAX_HOST_LENGTH = 253;
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/;

function refused(text: string, why: string): DualpingError {
  return new DualpingError(
    'invalid-argument',
    `address ${quote(text)} ${why}: give host:port or [ipv6]:port`,
  );
}

/**
 * Throws `invalid-argument` for anything that can't be dialled: without a host, or a port from 1 to 65535.
 */
export const parseAddress = (text: Address): HostAndPort => parsed(text, 1);

/** To listen at: port 0 takes a free one. Throws `invalid-argument` as `parseAddress` does. */
export const parseListenAddress = (text: Address): HostAndPort => parsed(text, 0);

function parsed(text: Address, leastPort: number): HostAndPort {
  // An unset environment variable is undefined here, in spite of the types.
  const match = typeof text === 'string' ? HOST_AND_PORT.exec(text) : null;
  if (match === null) throw refused(String(text), 'is not a host and a port');
  const [, ipv6, name, portText] = match;
  const host = ipv6 ?? name ?? '';
  if (ipv6 !== undefined && !isIPv6(ipv6)) throw refused(text, 'has no IPv6 address in its brackets');
  if (host.length > MAX_HOST_LENGTH) throw refused(text, `has a host of ${host.length} characters`);
  const port = Number(portText);
  if (port < leastPort || port > MAX_PORT)
    throw refused(text, `has port ${port}, not ${leastPort} to ${MAX_PORT}`);
  return { host, port };
}

const LOOPBACK = /^(localhost|127\.[0-9.]+|::1|::ffff:127\.[0-9.]+)$/;

/** Whether only programs on this machine can use the address, as listener or caller. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** Whether it means all interfaces of a machine: a process can listen there, but others can't dial it. */
export const isWildcard = (host: string): boolean => WILDCARDS.includes(host);

/**
 * An address that others will dial. @throws DualpingError `invalid-argument` for one that can't be
 * dialled
 */
export function dialledAddress(text: Address): Address {
  const address = parseAddress(text);
  if (isWildcard(address.host))
    throw new DualpingError('invalid-argument', `address ${quote(text)} can't be dialled by others`);
  return formatAddress(address);
}

export const formatAddress = ({ host, port }: HostAndPort): Address =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
