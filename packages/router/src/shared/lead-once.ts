/**
 * Leads for a moment, to change the content of a shared store while no router runs. Routers that start
 * meanwhile wait until it is over; a leading router is not deposed.
 */
import { randomUUID } from 'node:crypto';
import { DualpingError, Leadership, parseTiming } from '@dualping/core';
import { type FencedStore, LeadershipDriver, type Peers, PROCESS_CLOCK } from '@dualping/runtime';
import { EtcdStore } from './etcd-store.js';
import type { StoreAccess } from './store-access.js';
import type { StoreLocation } from './store-location.js';

/** How long to try to reach the store, ms: above the time in which etcd chooses a leader of its own. */
const STORE_LIMIT_MS = 5_000;
/** A placeholder: it is not an address of a router, and is never dialled. */
const NOWHERE = 'moving.invalid:1';
const NO_PEERS: Peers = { hear: () => () => {}, probe: () => {} };

/**
 * @throws DualpingError `invalid-argument` when a router leads, `router-unreachable` when the store does not
 * answer, `may-have-happened` when another router led before `use` was done
 */
export async function leadOnce<T>(
  { location, access }: { readonly location: StoreLocation; readonly access: StoreAccess },
  use: (store: FencedStore) => Promise<T>,
): Promise<T> {
  const store = new EtcdStore(location, access);
  const leadership = new Leadership({ id: randomUUID(), address: NOWHERE, timing: parseTiming({}) });
  let driver: LeadershipDriver | undefined;
  let limit: NodeJS.Timeout | undefined;
  try {
    const fenced = await new Promise<FencedStore>((resolve, reject) => {
      let detail = 'no answer';
      const refuse = (reason: 'router-unreachable' | 'invalid-argument', text: string): void =>
        reject(new DualpingError(reason, text));
      limit = setTimeout(
        () => refuse('router-unreachable', `the store does not answer: ${detail}`),
        STORE_LIMIT_MS,
      );
      driver = new LeadershipDriver(leadership, {
        clock: PROCESS_CLOCK,
        store,
        peers: NO_PEERS,
        objectionTo: () => undefined,
        lead: resolve,
        stepDown: (_why, done) => done(),
        leaderIs: (leader) => {
          if (leader !== undefined && leader.address !== NOWHERE)
            refuse(
              'invalid-argument',
              `router ${leader.address} leads: stop all routers first (a killed one still counts for 2 s)`,
            );
        },
        report: (event, text) => {
          if (event === 'store-lost') detail = text;
        },
        failed: reject,
      });
      driver.start();
    });
    clearTimeout(limit);
    return await use(fenced);
  } finally {
    clearTimeout(limit);
    await driver?.resign();
    await store.close();
  }
}
