/** `status`: what runs in a data folder and where, and what the router says about it. */
import type { NetworkStatus } from '@dualping/client';
import { DualpingError, quote } from '@dualping/core';
import { EXIT } from '@dualping/host';
import { type RunningProcess, type RunningProcesses, runningIn } from '../cluster/running-processes.js';
import { command } from '../command.js';
import { certsAt, type Trust } from '../credentials.js';
import type { Io } from '../io.js';
import * as settings from '../settings/definitions.js';
import { cleanForTerminal } from '../terminal-text.js';
import { exitCodeOf, networkStatus, showNetwork } from './admin.js';

export const statusCommand = command({
  name: 'status',
  summary: 'what runs in a data folder and where; with --routers, what that router knows',
  settings: {
    data: settings.data('dualping-data'),
    routers: settings.routers,
    ...settings.trust,
    json: settings.json,
  },
  run: async ({ data, json, ...asked }, { io, isGiven, strengthOf }) => {
    if (isGiven('data') && strengthOf('data') === strengthOf('routers'))
      throw new DualpingError('invalid-argument', 'give --data or --routers, not both: one is asked');
    if (strengthOf('routers') <= strengthOf('data')) {
      await showFolder(runningIn(data), asked, json, io);
      return EXIT.done;
    }
    const status = await networkStatus(asked);
    showNetwork(status, json, io);
    return exitCodeOf(status);
  },
});

/** `router`, and of several also `router2`, `router3` …. */
const ROUTER_NAME = /^router[0-9]*$/;

/** Shows the processes even if the router does not answer. */
async function showFolder(running: RunningProcesses, trust: Trust, json: boolean, io: Io): Promise<void> {
  if (!json) showRunning(running, io);
  const routers = running.others.flatMap(({ name, address }) =>
    ROUTER_NAME.test(name) && address !== undefined ? [address] : [],
  );
  let network: NetworkStatus | undefined;
  try {
    if (routers.length > 0) {
      const certs = trust.certs || (certsAt(running.folder, routers) ?? '');
      network = await networkStatus({ ...trust, certs, routers });
    }
  } finally {
    if (json) showJson(running, network, io);
  }
  if (network !== undefined && !json) showNetwork(network, json, io);
  if (allOf(running).length === 0)
    throw new DualpingError('no-available-server', `nothing runs in ${quote(running.folder)}`);
}

const allOf = ({ head, others }: RunningProcesses): readonly RunningProcess[] =>
  head === undefined ? others : [head, ...others];

function showJson(running: RunningProcesses, network: NetworkStatus | undefined, io: Io): void {
  const processes = allOf(running).map(({ name, holder, address }) => ({
    name,
    role: holder.role,
    pid: holder.pid,
    address,
  }));
  io.out(JSON.stringify({ folder: running.folder, processes, network }));
}

function showRunning(running: RunningProcesses, io: Io): void {
  const all = allOf(running);
  if (all.length === 0) return;
  io.out(cleanForTerminal(running.folder));
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, holder, address } of all)
    io.out(
      cleanForTerminal(
        `  ${name.padEnd(width)}  pid ${holder.pid}${address === undefined ? '' : `  ${address}`}`,
      ),
    );
}
