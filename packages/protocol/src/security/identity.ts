/**
 * The identity of a part of a network, from its certificate: one URI among its alternative names.
 *
 *     dualping://NETWORK/router              dualping://NETWORK/operator/NAME
 *     dualping://NETWORK/server/CLUSTER/ID   dualping://NETWORK/member/CLUSTER/ID
 *                                            dualping://NETWORK/member/SERVICE/ID
 *
 * It says who the part is, not where: a part keeps its certificate when its host, its port or its container
 * changes. The network's own certificate is `dualping://NETWORK/ca`.
 */
import {
  type ClusterId,
  type ClusterKey,
  clusterTitle,
  MAX_CLUSTERS,
  MAX_SERVER_ID,
  type ServerId,
  serverId,
  serviceNameProblem,
} from '@dualping/core';

/** 12 hexadecimal digits, made with the network. */
export type CertifiedNetwork = string;

/** The kinds of certificate owners in a network. */
export type Part =
  | { readonly role: 'router' }
  | { readonly role: 'server'; readonly cluster: ClusterId; readonly serverId: ServerId }
  | { readonly role: 'member'; readonly cluster: ClusterKey; readonly serverId: ServerId }
  | { readonly role: 'operator'; readonly name: string };
/** The identity in a certificate: a part, and its network. */
export type Identity = Part & { readonly network: CertifiedNetwork };

export const OPERATOR_NAME = /^[A-Za-z0-9_-]{1,32}$/;
const URI = /^dualping:\/\/([0-9a-f]{12})\/([a-z]+)((?:\/[A-Za-z0-9_-]+)*)$/;

/** `router`, `server/1/2`, `operator/anna`. */
export function partPath(part: Part): string {
  switch (part.role) {
    case 'router':
      return part.role;
    case 'operator':
      return `${part.role}/${part.name}`;
    default:
      return `${part.role}/${part.cluster}/${part.serverId}`;
  }
}

/** The inverse of `partPath`; undefined if the path names no part. */
export function partOfPath(path: string): Part | undefined {
  const [role, ...words] = path.split('/');
  return partOf(role, words);
}

export const identityUri = (identity: Identity): string =>
  `dualping://${identity.network}/${partPath(identity)}`;

export const networkUri = (network: CertifiedNetwork): string => `dualping://${network}/ca`;

/**
 * The role as a host name, without number or name: for programs that can only check host names, and are
 * configured to expect this one.
 */
export const identityHost = ({ role, network }: Pick<Identity, 'role' | 'network'>): string =>
  `${role}.${network}.dualping.internal`;

/** For people: `server 2 of cluster 1`, `operator anna`. */
export function partText(part: Part): string {
  switch (part.role) {
    case 'router':
      return 'the router';
    case 'operator':
      return `operator ${part.name}`;
    default:
      return `${part.role} ${part.serverId} of ${clusterTitle(part.cluster)}`;
  }
}

/**
 * Reads Node's `subjectAltName`. Undefined if it names no part, or more than one: then it is not one of our
 * certificates.
 */
export function identityIn(subjectAltName: string | undefined): Identity | undefined {
  const [, network, role, rest = ''] = URI.exec(onlyUri(subjectAltName) ?? '') ?? [];
  if (network === undefined) return undefined;
  const words = rest.split('/').slice(1);
  const part = partOf(role, words);
  return part && { ...part, network };
}

/** The network of a CA certificate; undefined if it is not one of ours. */
export function networkIn(subjectAltName: string | undefined): CertifiedNetwork | undefined {
  const [, network, role, rest] = URI.exec(onlyUri(subjectAltName) ?? '') ?? [];
  return role === 'ca' && rest === '' ? network : undefined;
}

function partOf(role: string | undefined, [first, second, ...more]: readonly string[]): Part | undefined {
  if (role === 'router') return first === undefined ? { role } : undefined;
  if (first === undefined) return undefined;
  if (role === 'operator')
    return second === undefined && OPERATOR_NAME.test(first) ? { role, name: first } : undefined;
  if (role !== 'server' && role !== 'member') return undefined;
  const cluster = numberIn(first, MAX_CLUSTERS);
  const id = numberIn(second, MAX_SERVER_ID);
  if (id === undefined || more.length > 0) return undefined;
  if (cluster !== undefined) return { role, cluster, serverId: serverId(id) };
  if (role !== 'member' || serviceNameProblem(first) !== undefined) return undefined;
  return { role, cluster: first, serverId: serverId(id) };
}

function numberIn(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^[1-9][0-9]{0,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}

/** Node quotes names that hold more than plain characters, and none of ours does. */
function onlyUri(subjectAltName: string | undefined): string | undefined {
  const uris = (subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  return uris.length === 1 ? uris[0]?.slice('URI:'.length) : undefined;
}
