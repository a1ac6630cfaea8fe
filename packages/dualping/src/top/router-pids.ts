/** Process ids of routers on this machine, by address, where `up` started them in that folder. */
import type { Address } from '@dualping/core';
import { isRunning } from '@dualping/host';
import { readPlaces } from '../cluster/places.js';

export function routerPids(folder: string): ReadonlyMap<Address, number> {
  const { addresses = {}, processes = {} } = readPlaces(folder);
  return new Map(
    Object.entries(processes).flatMap(([name, identity]) => {
      const address = addresses[name];
      return address !== undefined && isRunning(identity) ? [[address, identity.pid] as const] : [];
    }),
  );
}
