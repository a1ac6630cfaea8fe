/**
 * The connection between `dualping up` and its child processes.
 *
 * A child reports once where it listens, and which lines its parent may show. The connection breaks when the
 * parent ends, even by SIGKILL; then the child ends too, at once. It needs no drain: what was acknowledged is
 * on disk.
 *
 * With `--held` a child loads its code and then waits until its parent tells it to begin. So processes that
 * have to begin one after another load at the same time.
 */
import type { Address } from '@dualping/core';
import { endProcess } from '@dualping/host';

export interface ReadyMessage {
  readonly kind: 'ready';
  readonly address: Address;
  /** Lines for people: `dualping up` lists its processes in them. */
  readonly lines?: readonly string[];
}

/** From `dualping up`: its routers listen there, and its servers follow. */
export interface RoutersMessage {
  readonly kind: 'routers';
  readonly address: Address;
}

/** From the parent, to a child with `--held`. */
export interface BeginMessage {
  readonly kind: 'begin';
  /** The routers that a server attaches to: they may have listened only after the child was started. */
  readonly routers: readonly Address[];
}

export const isReadyMessage = (message: unknown): message is ReadyMessage =>
  isMessage(message) && message.kind === 'ready';
export const isRoutersMessage = (message: unknown): message is RoutersMessage =>
  isMessage(message) && message.kind === 'routers';
const isBeginMessage = (message: unknown): message is BeginMessage =>
  isMessage(message) && message.kind === 'begin';

const isMessage = (message: unknown): message is { readonly kind: unknown } =>
  typeof message === 'object' && message !== null && 'kind' in message;

const EXIT_WITHOUT_PARENT = 1;

/** In a child: ends this process with its parent. Does nothing in a process that was started by hand. */
export function endWithParent(): void {
  if (process.send === undefined) return;
  const end = (): void => void endProcess(EXIT_WITHOUT_PARENT);
  // The parent may have ended while this process was loading.
  if (process.connected) process.once('disconnect', end);
  else end();
}

/** In a child: reports where it listens. */
export function tellParent(address: Address, lines: readonly string[] = []): void {
  const message: ReadyMessage = { kind: 'ready', address, lines };
  process.send?.(message);
}

/** In `dualping up`: reports where its routers listen, before its servers do. */
export function tellParentOfRouters(address: Address): void {
  const message: RoutersMessage = { kind: 'routers', address };
  process.send?.(message);
}

/**
 * In a child with `--held`: waits until its parent tells it to begin, and ends with its parent. Undefined: it
 * was started by hand, and nothing has to be waited for.
 */
export async function toldToBegin(): Promise<BeginMessage | undefined> {
  if (process.send === undefined) return undefined;
  endWithParent();
  return await new Promise((resolve) => {
    const take = (message: unknown): void => {
      if (!isBeginMessage(message)) return;
      process.off('message', take);
      resolve(message);
    };
    process.on('message', take);
  });
}
