/**
 * Who a part of a network is, as its certificate says it: one URI among its alternative names.
 *
 *     dualping://NETWORK/router              dualping://NETWORK/operator/NAME
 *     dualping://NETWORK/server/CLUSTER/ID   dualping://NETWORK/member/CLUSTER/ID
 *                                            dualping://NETWORK/member/SERVICE/ID
 *
 * It says who, and never where: a part keeps its certificate when its host, its port or its container
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

/** Who may have a certificate of a network. */
export type Part =
  | { readonly role: 'router' }
  | { readonly role: 'server'; readonly cluster: ClusterId; readonly serverId: ServerId }
  | { readonly role: 'member'; readonly cluster: ClusterKey; readonly serverId: ServerId }
  | { readonly role: 'operator'; readonly name: string };
export type PartRole = Part['role'];
/** Who a certificate names: a part, and the network that it belongs to. */
export type Identity = Part & { readonly network: CertifiedNetwork };

export const NETWORK_PATTERN = /^[0-9a-f]{12}$/;
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

export const identityUri = (identity: Identity): string =>
  `dualping://${identity.network}/${partPath(identity)}`;

export const networkUri = (network: CertifiedNetwork): string => `dualping://${network}/ca`;

/**
 * The same as a host name, without number or name: for programs that can only check host names, and are told
 * to expect this one.
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
 * Reads what Node calls `subjectAltName`. Undefined where it names no part, or more than one: then it is
 * not a certificate of ours.
 */
export function identityIn(subjectAltName: string | undefined): Identity | undefined {
  const [, network, role, rest = ''] = URI.exec(onlyUri(subjectAltName) ?? '') ?? [];
  if (network === undefined) return undefined;
  const words = rest.split('/').slice(1);
  const part = partOf(role, words);
  return part && { ...part, network };
}

/** Of the network whose CA certificate this is; undefined where it is none of ours. */
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
