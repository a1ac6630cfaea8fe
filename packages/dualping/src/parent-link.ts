/**
 * The connection between `dualping up` and its child processes.
 *
 * A child reports once where it listens, and which lines its parent may show. The connection breaks when the
 * parent ends, even by SIGKILL; then the child ends too, at once. It needs no drain: what was acknowledged is
 * on disk.
 */
import type { Address } from '@dualping/core';
import { endProcess } from '@dualping/host';

export interface ReadyMessage {
  readonly kind: 'ready';
  readonly address: Address;
  /** Lines for people: `dualping up` lists its processes in them. */
  readonly lines?: readonly string[];
}

export function isReadyMessage(message: unknown): message is ReadyMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    message.kind === 'ready' &&
    'address' in message &&
    typeof message.address === 'string'
  );
}

const EXIT_WITHOUT_PARENT = 1;

/** In a child: ends this process with its parent. Does nothing in a process that was started by hand. */
export function endWithParent(): void {
  if (process.send === undefined) return;
  process.once('disconnect', () => void endProcess(EXIT_WITHOUT_PARENT));
}

/** In a child: reports where it listens. */
export function tellParent(address: Address, lines: readonly string[] = []): void {
  const message: ReadyMessage = { kind: 'ready', address, lines };
  process.send?.(message);
}
