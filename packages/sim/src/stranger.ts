/**
 * A process of another network, or of another cluster, that answers at an address where ours was: an address
 * lease ran out, or a port was given to another process. It answers as such a process would, and knows
 * nothing of our network.
 */

import type { Epoch } from '@dualping/core';
import type { StrangersWord } from './accidents.js';
import type { AcceptorEnd, Acceptors, Network, Station } from './network.js';
import type { WireKind } from './wires.js';

const FOREIGN_NETWORK = 'theirs';
/** Higher than any epoch of our clusters. */
const FOREIGN_EPOCH = 1_000 as Epoch;

export class Stranger implements Station {
  readonly running = true;
  readonly awake = true;
  readonly acceptors: Acceptors;

  constructor(
    readonly name: string,
    says: StrangersWord,
    network: Network,
  ) {
    const detail = `this is of network ${FOREIGN_NETWORK}`;
    const failure = { reason: says, detail } as const;
    const refuses = <K extends WireKind>(end: AcceptorEnd<K>): void => {
      end.onMessage = () => end.close(failure);
    };
    this.acceptors = {
      'dual-ping': (end) => {
        end.onMessage = () => {
          end.send({ kind: 'refused', networkId: FOREIGN_NETWORK, ...failure });
          end.close();
        };
      },
      replicate: (end) => {
        end.onMessage = () => {
          const message = {
            kind: 'refused',
            networkId: FOREIGN_NETWORK,
            cluster: 1,
            epoch: FOREIGN_EPOCH,
            ...failure,
          } as const;
          end.send({ kind: 'refused', message, entries: [] });
          end.close();
        };
      },
      connect: (end) => {
        end.onMessage = () => {
          end.send({
            kind: 'connected',
            networkId: FOREIGN_NETWORK,
            cluster: 1,
            clusters: 1,
            failoverWaitMs: 1_000,
            assignment: undefined,
          });
          end.close();
        };
      },
      watch: refuses,
      'get-available': refuses,
      crash: refuses,
      'register-server': refuses,
      'add-master': refuses,
      tail: refuses,
      snapshot: refuses,
      write: refuses,
      operate: refuses,
      list: refuses,
      timeline: refuses,
    };
    network.enter(this);
  }

  receive(work: () => void): void {
    work();
  }
}
