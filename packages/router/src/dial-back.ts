/** Dials a member's address, and asks its health service for the name that only this life answers for. */
import type { RegistryOutput } from '@dualping/core';
import { askHealth, type Dialling, toDualpingError } from '@dualping/protocol';

/**
 * How long an answer may take, ms: a connection and one call, even with a busy machine or a slow name server.
 */
const PROBE_TIMEOUT_MS = 2_000;
const STRANGER = 'another process answers there';

/** Answers once: with the reason when the member can't be reached, with undefined when it was. */
export function dialBack(
  { address, service }: Extract<RegistryOutput, { readonly kind: 'probe' }>,
  answer: (detail: string | undefined) => void,
  dialling?: Dialling,
): void {
  askHealth({ address, service, timeoutMs: PROBE_TIMEOUT_MS, alone: true, dialling }).then(
    (health) => answer(health === 'unknown' ? STRANGER : undefined),
    (error: unknown) => {
      const { reason, detail } = toDualpingError(error);
      // The address is shown next to this text anyway.
      answer(reason === 'not-a-server' ? STRANGER : detail.replaceAll(`${address}: `, ''));
    },
  );
}
