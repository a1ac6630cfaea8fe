/** How a `FakeRouter` takes members. */
import {
  type Assignment,
  DEFAULT_TIMING,
  epoch,
  type MemberMessage,
  type RouterMessage,
} from '@dualping/core';
import { memberMessageFromWire, routerMessageToWire, serverStream } from '@dualping/protocol';
import type { FakeRouter } from './fake-network.fixture.js';

export type Attach = Extract<MemberMessage, { kind: 'attach' }>;

export const primaryIs = ({ serverId, incarnation, journalId, lifeId, address }: Attach): Assignment => ({
  cluster: 1,
  revision: 1,
  epoch: epoch(1),
  primary: { serverId, incarnation, journalId, lifeId },
  available: true,
  unavailableReason: '',
  lastUncleanEpoch: epoch(0),
  inSync: [],
  members: [
    {
      serverId,
      incarnation,
      journalId,
      lifeId,
      address,
      liveness: 'stream',
      live: true,
      inSync: false,
      unreachable: false,
    },
  ],
});

export const welcome = (attach: Attach): RouterMessage => ({
  kind: 'welcome',
  networkId: 'net',
  clusters: 1,
  ...DEFAULT_TIMING,
  assignment: primaryIs(attach),
});

/** How a router answers a member; messages after `attach` are kept in `heard`. */
export interface Manner {
  readonly answer: (attach: Attach) => RouterMessage;
  /** Whether it goes on answering after the first answer. */
  readonly attentive: boolean;
  /** Gets a function that sends more on the member's stream. */
  readonly onStream?: (say: (message: RouterMessage) => void) => void;
}

export function teach(router: FakeRouter, { answer, attentive, onStream }: Manner): MemberMessage[] {
  const heard: MemberMessage[] = [];
  router.onDualPing = (call) => {
    const stream = serverStream(call, {
      onMessage: (wire) => {
        const message = memberMessageFromWire(wire);
        heard.push(message);
        if (message.kind === 'attach') stream.send(routerMessageToWire(answer(message)));
        if (!attentive) return;
        if (message.kind === 'leave') stream.close();
        if (message.kind === 'ping')
          stream.send(
            routerMessageToWire({
              kind: 'pong',
              sequence: message.sequence,
              pingIntervalMs: DEFAULT_TIMING.pingIntervalMs,
            }),
          );
      },
      onEnd: () => {},
    });
    onStream?.((message) => stream.send(routerMessageToWire(message)));
  };
  return heard;
}
