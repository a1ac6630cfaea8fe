/** Reports to a router, or to the first of several that answers, that a server is gone. */
import { type Address, type ClusterId, DualpingError, type Incarnation, type ServerId } from '@dualping/core';
import {
  type Dialling,
  dialRouting,
  fromServiceError,
  NO_METADATA,
  type routingWire,
} from '@dualping/protocol';

/** Longest that a router may take to answer, ms. */
const TIMEOUT_MS = 2_000;

export interface CrashedServer {
  readonly cluster: ClusterId;
  readonly serverId: ServerId;
  readonly incarnation: Incarnation;
  readonly detail: string;
}

/** Returns whether the router dropped a live member. Rejects when no router could be told. */
export async function reportCrash(
  routers: readonly Address[],
  crashed: CrashedServer,
  dialling?: Dialling,
): Promise<boolean> {
  let failure: unknown = new DualpingError('router-unreachable', 'there is no router to tell');
  for (const router of routers) {
    try {
      return (await crash(router, crashed, dialling)).dropped;
    } catch (error) {
      const { reason } = fromServiceError(error, { sent: false, peer: 'router' });
      // The router has answered: it has no such member to drop.
      if (reason === 'unknown-member' || reason === 'unknown-cluster') return false;
      failure = error;
    }
  }
  throw failure;
}

async function crash(
  router: Address,
  crashed: CrashedServer,
  dialling: Dialling | undefined,
): Promise<routingWire.CrashResponse> {
  const client = dialRouting(router, dialling);
  try {
    return await new Promise((resolve, reject) => {
      client.crash(
        { ...crashed, service: '' },
        NO_METADATA,
        { deadline: Date.now() + TIMEOUT_MS },
        (error, response) => {
          if (error === null) resolve(response);
          else reject(error);
        },
      );
    });
  } finally {
    client.close();
  }
}
