/**
 * Follows a network whose own certificate is replaced: a router sends the valid certificates, and the
 * succession from the former one. What can be trusted of it is kept for the next time.
 */
import { createSecureContext } from 'node:tls';
import { RouterClient } from '@dualping/client';
import type { Address } from '@dualping/core';
import {
  connectedFromWire,
  type Dialling,
  dialRouting,
  type NetworkCredentials,
  NO_METADATA,
} from '@dualping/protocol';
import { ChannelCredentials } from '@grpc/grpc-js';
import { rememberNetwork } from './known-networks.js';

/** How often a program that runs on asks, ms: a replacement takes an operator hours, or days. */
const ASK_INTERVAL_MS = 10 * 60_000;
/** How long a router may take that has just shaken hands, ms. */
const ANSWER_MS = 3_000;

/**
 * Asks once; a failure changes nothing.
 * @param isProved whether the router shows a certificate of what is trusted; else only what that has signed
 * is believed
 */
export async function follow(
  credentials: NetworkCredentials,
  routers: readonly Address[],
  isProved: boolean,
): Promise<void> {
  try {
    const statement = isProved ? await told(credentials, routers) : await said(routers);
    const next = credentials.followed(statement, isProved);
    if (next === undefined) return;
    credentials.replace(next, []);
    const [fingerprint = ''] = credentials.authorityHashes;
    rememberNetwork(routers, { fingerprint, certificate: next });
  } catch {
    // Whoever calls next says what is wrong; this can be asked again.
  }
}

/** Asks again and again while this process runs. It keeps no process alive. */
export function keepFollowing(credentials: NetworkCredentials, routers: readonly Address[]): void {
  setInterval(() => void follow(credentials, routers, true), ASK_INTERVAL_MS).unref();
}

async function told(
  credentials: NetworkCredentials,
  routers: readonly Address[],
): Promise<readonly Uint8Array[]> {
  const client = new RouterClient({ routers, credentials });
  try {
    return await client.statement({ signal: AbortSignal.timeout(ANSWER_MS) });
  } finally {
    client.close();
  }
}

/** From whoever answers first. */
const said = async (routers: readonly Address[]): Promise<readonly Uint8Array[]> =>
  await Promise.any(routers.map(saidAt));

function saidAt(router: Address): Promise<readonly Uint8Array[]> {
  const client = dialRouting(router, BELIEVING);
  return new Promise((resolve, reject) => {
    client.connect({ user: '' }, NO_METADATA, { deadline: Date.now() + ANSWER_MS }, (error, response) => {
      client.close();
      if (error === null) resolve(connectedFromWire(response).authorities);
      else reject(error);
    });
  });
}

/** Whoever answers may say something: what is signed is looked at afterwards. */
const BELIEVING: Dialling = {
  channel: () =>
    ChannelCredentials.createFromSecureContext(createSecureContext({ minVersion: 'TLSv1.3' }), {
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    }),
};
