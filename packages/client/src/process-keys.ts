/**
 * Keys of users for whom the program gives none: made when they are needed, and lost with the process. If
 * such a key was the first of a name, the name can't be used after that, unless an operator resets its keys.
 */
import type { UserName } from '@dualping/core';
import { DeviceKey, type NetworkCredentials } from '@dualping/protocol';

const keys = new Map<string, DeviceKey>();

/** The same for all sessions of this process. */
export function processKey({ network }: NetworkCredentials, user: UserName): DeviceKey {
  const name = `${network}/${user}`;
  const key = keys.get(name) ?? DeviceKey.generate();
  keys.set(name, key);
  return key;
}
