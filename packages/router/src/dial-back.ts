/** Dials a member's address back, and asks its health for the service that only this life of it has. */
import type { Address, RegistryOutput } from '@dualping/core';
import { askHealth, toDualpingError } from '@dualping/protocol';

/** How long an answer may take, ms: a connection and one call, with a busy machine or a slow name server in between. */
const PROBE_TIMEOUT_MS = 2_000;

/** Resolves to why it can't be reached; to undefined when it was. */
export async function dialBack({
  address,
  service,
}: Extract<RegistryOutput, { readonly kind: 'probe' }>): Promise<string | undefined> {
  try {
    const health = await askHealth({ address, service, timeoutMs: PROBE_TIMEOUT_MS, alone: true });
    return health === 'unknown' ? stranger(address) : undefined;
  } catch (error) {
    const { reason, detail } = toDualpingError(error);
    return reason === 'not-a-server' ? stranger(address) : detail;
  }
}

const stranger = (address: Address): string => `${address}: another process answers there`;
