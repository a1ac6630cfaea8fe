/** Asks whether a process still listens at an address, by a bare TCP connection. */
import { connect } from 'node:net';
import type { Address } from '@dualping/core';
import { parseAddress } from './address.js';

/** Longest time for the answer, ms: it is one round trip; without an answer nothing is known. */
const PROBE_MS = 100;

/** Whether connections are refused there: no process listens any more. Any other result proves nothing. */
export async function isRefused(address: Address): Promise<boolean> {
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
