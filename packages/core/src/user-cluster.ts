/**
 * Says which cluster a user belongs to: a pure function of the name and the number of clusters, so that
 * router, servers and clients agree without any message.
 *
 * Numeric users are assigned to the clusters in turn (as the csce438 programs do); any other name is hashed.
 */
import type { ClusterId, UserName } from './ids.js';

const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a, 32 bits, over the UTF-8 bytes of a name. User names are ASCII, so a character is a byte. */
export function fnv1a32(name: UserName): number {
  let hash = FNV_OFFSET_BASIS;
  for (let at = 0; at < name.length; at += 1) {
    hash ^= name.charCodeAt(at) & 0xff;
    hash = Math.imul(hash, FNV_PRIME);
  }
  return hash >>> 0;
}

const NUMERIC = /^[0-9]+$/;

/** Whether a name has only digits, as names of csce438 programs do. */
export const isNumeric = (user: UserName): boolean => NUMERIC.test(user);

/** The cluster of `user`, a number from 1 to `clusters`. */
export function clusterOf(user: UserName, clusters: number): ClusterId {
  if (!NUMERIC.test(user)) return (fnv1a32(user) % clusters) + 1;
  // A name may have 32 digits, more than a double holds exactly; "0" counts as the one before "1".
  const count = BigInt(clusters);
  return Number((BigInt(user) - 1n + count) % count) + 1;
}
