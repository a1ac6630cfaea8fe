/**
 * The supervisor's end of a link over which a process shows that it runs: `KeepAlive` to a server, calls to a
 * router.
 */
import { type Address, actionFor, type Farewell } from '@dualping/core';
import {
  clientStream,
  type Dialling,
  dialRouting,
  dialSupervision,
  fromServiceError,
  NO_METADATA,
  type StreamEnd,
  type SupervisedMessage,
  supervisedMessageFromWire,
  type supervisionWire,
  supervisorMessageToWire,
  toDualpingError,
  wasAnswered,
} from '@dualping/protocol';
import type { KeepAliveClient, KeepAliveListener } from '@dualping/runtime';

export interface ServerAtPlace {
  readonly address: Address;
  readonly key: string;
  readonly pid: number;
}

const endText = (end: StreamEnd): string => {
  if (end.kind !== 'broken') return 'the server closed the stream';
  return end.error?.message ?? 'the connection broke';
};

/** Opens `KeepAlive`. The answer counts only if it comes from the expected process. */
export function openKeepAlive(
  { address, key, pid }: ServerAtPlace,
  keepAliveMs: number,
  listener: KeepAliveListener,
  dialling?: Dialling,
): KeepAliveClient {
  const client = dialSupervision(address, dialling);
  let over = false;
  const end = (detail: string): void => {
    if (over) return;
    over = true;
    stream.abort();
    client.close();
    listener.ended(detail);
  };
  const take = (message: SupervisedMessage): void => {
    switch (message.kind) {
      case 'welcome':
        if (message.pid === pid) return listener.greeted();
        return end(`process ${message.pid} answers at ${address}, and not ${pid}`);
      case 'pong':
        return listener.heard();
      case 'ending':
        return listener.farewell(farewellOf(message));
    }
  };
  const stream = clientStream<supervisionWire.KeepAliveResponse, supervisionWire.KeepAliveRequest>(
    client.keepAlive(),
    {
      onMessage: (wire) => {
        if (over) return;
        try {
          take(supervisedMessageFromWire(wire));
        } catch (error) {
          end(`it said what no server says: ${toDualpingError(error).detail}`);
        }
      },
      onEnd: (ended) => end(endText(ended)),
    },
    'server',
  );
  stream.send(supervisorMessageToWire({ kind: 'hello', key, pid: process.pid, intervalMs: keepAliveMs }));
  return {
    ping: (sequence) => {
      stream.send(supervisorMessageToWire({ kind: 'ping', sequence }));
    },
    close: () => {
      over = true;
      stream.abort();
      client.close();
    },
  };
}

function farewellOf({ reason, detail }: Extract<SupervisedMessage, { kind: 'ending' }>): Farewell {
  if (reason === undefined) return { kind: 'told', detail };
  // `internal` is a bug of ours and not a refusal: it may not happen again.
  const forGood = reason !== 'internal' && actionFor(reason) === 'give-up';
  return { kind: forGood ? 'refused' : 'died', detail: `${reason}: ${detail}` };
}

/** A router serves no `KeepAlive`: so it is called regularly, and any answer shows that it runs. */
export function openRouterProbe(
  address: Address,
  keepAliveMs: number,
  listener: KeepAliveListener,
  dialling?: Dialling,
): KeepAliveClient {
  const client = dialRouting(address, dialling);
  let over = false;
  const ask = (answered: () => void): void => {
    client.connect({ user: '' }, NO_METADATA, { deadline: Date.now() + keepAliveMs }, (error) => {
      if (over) return;
      // An unanswered call is silence, which the machine measures.
      if (error === null || wasAnswered(error)) answered();
      else if (fromServiceError(error, { sent: false, peer: 'router' }).reason !== 'router-unreachable')
        answered();
    });
  };
  ask(() => listener.greeted());
  return {
    ping: () => ask(() => listener.heard()),
    close: () => {
      over = true;
      client.close();
    },
  };
}
