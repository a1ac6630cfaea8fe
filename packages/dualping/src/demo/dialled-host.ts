/** The host that others dial: a wildcard address like 0.0.0.0 can't be dialled. */
import { networkInterfaces } from 'node:os';
import { isWildcard } from '@dualping/protocol';

/**
 * For a wildcard: the first address of this machine of the same family that others can reach, else its
 * loopback.
 */
export function dialledHost(host: string): string {
  if (!isWildcard(host)) return host;
  const [family, loopback] = host === '::' ? (['IPv6', '::1'] as const) : (['IPv4', '127.0.0.1'] as const);
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  // A link-local address can't be dialled without the name of an interface.
  const outside = addresses.find(
    (each) => each.family === family && !each.internal && !each.address.startsWith('fe80:'),
  );
  return outside?.address ?? loopback;
}
