/** A call with one question and one answer, like a unary call. */
import type { Failure, Reason } from '@dualping/core';
import type { DiallerEnd } from './network.js';
import type { Process } from './process.js';
import type { WireKind, Wires } from './wires.js';

export interface Call {
  /** The caller waits for the answer no longer. */
  cancel(): void;
}

export interface CallHandlers<K extends WireKind> {
  answered(answer: Wires[K]['down']): void;
  failed(failure: Failure): void;
}

/**
 * @param broken the reason given when there is no answer, as in the protocol's status table
 */
export function call<K extends WireKind>(
  from: Process,
  address: string,
  kind: K,
  question: Wires[K]['up'],
  timeoutMs: number,
  broken: Reason,
  handlers: CallHandlers<K>,
): Call {
  const end: DiallerEnd<K> = from.network.dial(from, address, kind, question);
  end.onMessage = (answer) => {
    end.close();
    handlers.answered(answer);
  };
  end.onEnd = (how) => {
    const failure = how.kind === 'ended' ? how.failure : undefined;
    handlers.failed(failure ?? { reason: broken, detail: `${address} did not answer ${kind}` });
  };
  from.later(timeoutMs, `${from.name} waits no longer for ${address} ${kind}`, () => {
    if (end.over) return;
    end.abort();
    handlers.failed({ reason: broken, detail: `${address} did not answer ${kind} within ${timeoutMs} ms` });
  });
  return { cancel: () => end.abort() };
}
