/** `down`: ends the processes that run in a data folder, in order. */
import { setTimeout as delay } from 'node:timers/promises';
import { DualpingError, END_LIMIT_MS, quote } from '@dualping/core';
import { DRAIN_LIMIT_MS, EXIT, isRunning, signalProcess } from '@dualping/host';
import { type RunningProcesses, runningIn } from '../cluster/running-processes.js';
import { command } from '../command.js';
import * as settings from '../settings/definitions.js';

/** Longest to wait, ms: the process that is told to end gives up by itself before that. */
const WAIT_MS = Math.max(DRAIN_LIMIT_MS, END_LIMIT_MS) + 5_000;
const LOOK_MS = 50;

export const downCommand = command({
  name: 'down',
  summary: 'end what `up` (or `server --supervised`) runs in a data folder, in order',
  settings: { data: settings.data('dualping-data') },
  run: async ({ data }, { io }) => {
    const running = runningIn(data);
    const { folder, head, others } = running;
    if (head === undefined) {
      if (others.length > 0) throw nobodyAnswersFor(running);
      io.out(`nothing runs in ${folder}`);
      return EXIT.done;
    }
    signalProcess(head.holder, 'SIGTERM');
    await untilGone(running);
    io.out(`ended ${head.holder.role} (pid ${head.holder.pid}) in ${folder}`);
    return EXIT.done;
  },
});

function nobodyAnswersFor({ folder, others }: RunningProcesses): DualpingError {
  const who = others.map(({ name, holder }) => `${name} (pid ${holder.pid})`).join(', ');
  return new DualpingError(
    'invalid-argument',
    `data folder ${quote(folder)} is in use by ${who}, which neither dualping up nor a supervisor watches over: end it with kill`,
  );
}

async function untilGone({ folder, head, others }: RunningProcesses): Promise<void> {
  const all = head === undefined ? others : [head, ...others];
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
    if (!all.some(({ holder }) => isRunning(holder))) return;
    await delay(LOOK_MS);
  }
  const left = all.filter(({ holder }) => isRunning(holder));
  const who = left.map(({ name, holder }) => `${name} (pid ${holder.pid})`).join(', ');
  throw new DualpingError(
    'shutting-down',
    `in ${quote(folder)} these have not ended within ${WAIT_MS} ms: ${who}`,
  );
}
