/** How a router hears the leader, and finds out whether a process listens at its address. */
import { connect } from 'node:net';
import type { Address } from '@dualping/core';
import {
  type Dialling,
  dialRouting,
  leaderIsFromWire,
  parseAddress,
  type routingWire,
} from '@dualping/protocol';
import type { Peers } from '@dualping/runtime';

/** Longest time for a listening process to accept, ms; without an answer nothing is known. */
const PROBE_MS = 100;

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

/** Whether nothing listens there, so the process is gone. Any other result proves nothing. */
async function isRefused(address: Address): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(parseAddress(address));
    const done = (refused: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(refused);
    };
    const timer = setTimeout(() => done(false), PROBE_MS);
    socket.once('connect', () => done(false));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'ECONNREFUSED'));
  });
}
