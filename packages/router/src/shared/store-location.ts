/** The location of a shared store: `etcd://HOST:PORT,HOST:PORT/PREFIX`. */
import { type Address, DualpingError, quote } from '@dualping/core';
import { formatAddress, parseAddress } from '@dualping/protocol';

export interface StoreLocation {
  /** Nodes of one etcd. */
  readonly endpoints: readonly Address[];
  /** All keys of the network begin with it and a slash. */
  readonly prefix: string;
}

/** Nodes of etcd: more than seven make it slower and no safer. */
const MAX_ENDPOINTS = 16;
const MAX_PREFIX_LENGTH = 200;
const FORM = /^etcd:\/\/([^/]+)\/([A-Za-z0-9_./-]+)$/;

/** @throws DualpingError `invalid-argument` quoting the wrong part */
export function parseStoreLocation(text: string): StoreLocation {
  const [, hosts, given] = FORM.exec(text) ?? [];
  if (hosts === undefined || given === undefined)
    throw refused(text, 'give etcd://host:port,host:port/prefix, as in etcd://127.0.0.1:2379/dualping');
  const prefix = given.replace(/\/+$/, '');
  if (prefix === '' || prefix.length > MAX_PREFIX_LENGTH)
    throw refused(text, `give a prefix of 1 to ${MAX_PREFIX_LENGTH} characters`);
  const endpoints = [...new Set(hosts.split(',').map((host) => formatAddress(parseAddress(host))))];
  if (endpoints.length > MAX_ENDPOINTS) throw refused(text, `give at most ${MAX_ENDPOINTS} addresses`);
  return { endpoints, prefix };
}

const refused = (text: string, advice: string): DualpingError =>
  new DualpingError('invalid-argument', `store ${quote(text)}: ${advice}`);
