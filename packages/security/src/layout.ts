/**
 * The files in a folder of certificates:
 *
 *   ca.pem              the network's own key and certificate: only where certificates are made
 *   network.pem the network's certificate alone: what a user's client needs, not secret
 *   router.pem for each part its key, its certificate, and the network's: all that the part needs
 *   server-1-2.pem      server 2 of cluster 1; in the same way member-1-2.pem, operator-anna.pem; and
 *                       member-orders-2.pem, member 2 of service orders
 *   revoked.json revoked certificates: every part that uses the folder reads it
 *   issued.json all certificates ever made, for `dualping certs list`
 */
import { join } from 'node:path';
import {
  DualpingError,
  MAX_CLUSTERS,
  MAX_SERVER_ID,
  quote,
  serverId,
  serviceNameProblem,
} from '@dualping/core';
import { OPERATOR_NAME, type Part, partPath } from '@dualping/protocol';

/** The name of the folder where dualping chooses it. */
export const CERTS_FOLDER = 'certs';
export const AUTHORITY_FILE = 'ca.pem';
export const NETWORK_FILE = 'network.pem';
/** Of every file with certificates. */
export const PEM = '.pem';
export const REVOKED_FILE = 'revoked.json';
export const ISSUED_FILE = 'issued.json';

/** `server-1-2`: a part's name on the command line, and of its file before `.pem`. */
export const nameOf = (part: Part): string => partPath(part).replaceAll('/', '-');

export const fileOf = (folder: string, part: Part): string => join(folder, `${nameOf(part)}.pem`);

/** @throws DualpingError `invalid-argument`, quoting a text that is not the name of a part */
export function partNamed(name: string): Part {
  const part = partIn(name);
  if (part !== undefined) return part;
  const detail = `${quote(name)} names no part: give router, server-CLUSTER-ID, member-CLUSTER-ID, member-SERVICE-ID or operator-NAME`;
  throw new DualpingError('invalid-argument', detail);
}

export function partIn(name: string): Part | undefined {
  if (name === 'router') return { role: name };
  const operator = /^operator-(.+)$/.exec(name)?.[1];
  if (operator !== undefined)
    return OPERATOR_NAME.test(operator) ? { role: 'operator', name: operator } : undefined;
  const [, service = '', member] = /^member-(.+)-([1-9][0-9]{0,9})$/.exec(name) ?? [];
  if (serviceNameProblem(service) === undefined && Number(member) <= MAX_SERVER_ID)
    return { role: 'member', cluster: service, serverId: serverId(Number(member)) };
  const [, role, cluster, id] = /^(server|member)-([1-9][0-9]{0,9})-([1-9][0-9]{0,9})$/.exec(name) ?? [];
  if (
    (role !== 'server' && role !== 'member') ||
    Number(cluster) > MAX_CLUSTERS ||
    Number(id) > MAX_SERVER_ID
  )
    return undefined;
  return { role, cluster: Number(cluster), serverId: serverId(Number(id)) };
}
