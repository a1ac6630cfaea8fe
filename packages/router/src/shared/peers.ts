/** How a router hears the leader, and finds out whether a process listens at its address. */
import type { Address } from '@dualping/core';
import {
  type Dialling,
  dialRouting,
  isRefused,
  leaderIsFromWire,
  type routingWire,
} from '@dualping/protocol';
import type { Peers } from '@dualping/runtime';

/** @param own the address of this router */
export const peersOf = (own: Address, dialling: Dialling): Peers => ({
  hear: (address, listener) => {
    const client = dialRouting(address, dialling);
    const call = client.leader({ standby: own });
    let isOver = false;
    const over = (): boolean => {
      const wasOver = isOver;
      isOver = true;
      client.close();
      return wasOver;
    };
    const ended = (): void => {
      if (!over()) listener.ended();
    };
    call.on('data', (wire: routingWire.LeaderIs) => {
      if (isOver) return;
      const { term, leads } = leaderIsFromWire(wire);
      listener.sign(term, leads);
    });
    call.on('error', ended);
    call.on('end', ended);
    return () => {
      over();
      call.cancel();
    };
  },
  probe: (address, answer) => {
    void isRefused(address).then(answer);
  },
});
