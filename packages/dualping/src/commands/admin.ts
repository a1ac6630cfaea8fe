/** Operators' commands: the network's status, and calls that change who is primary or which router leads. */
import type { NetworkStatus, RouterClient } from '@dualping/client';
import { DualpingError } from '@dualping/core';
import { EXIT, exitCodeFor, SIGNAL_EXITS, Signals } from '@dualping/host';
import { inUse } from '../check/verdict.js';
import { type Command, command } from '../command.js';
import { type Io, renderError } from '../io.js';
import { renderAssignment, renderLeader, renderRouter, renderRouters } from '../render.js';
import * as settings from '../settings/definitions.js';
import { cleanForTerminal } from '../terminal-text.js';
import { type Asked, serverNamed, show, withRouter } from './operators-call.js';
import { ORDER_COMMANDS } from './orders.js';

const statusCommand = command({
  name: 'status',
  group: 'admin',
  summary: 'clusters with their members, as the router knows them',
  settings: { routers: settings.routers, ...settings.trust, watch: settings.watch, json: settings.json },
  run: async ({ watch, json, ...asked }, { io }) =>
    await withRouter(asked, async (client) => {
      if (watch) return await watchStatus(client, json, io);
      const status = await client.status();
      showNetwork(status, json, io);
      return exitCodeOf(status);
    }),
});

export const networkStatus = async (asked: Asked): Promise<NetworkStatus> =>
  await withRouter(asked, (client) => client.status());

/** Tells a script that a cluster has no primary, without parsing the text. */
export const exitCodeOf = ({ assignments }: NetworkStatus): number =>
  inUse(assignments).every(({ available }) => available) ? EXIT.done : EXIT.unavailable;

export function showNetwork(status: NetworkStatus, json: boolean, io: Io): void {
  if (json) return io.out(JSON.stringify(status));
  io.out(renderRouter(status));
  for (const line of renderRouters(status)) io.out(cleanForTerminal(line));
  if (status.trouble !== '') io.out(cleanForTerminal(`router in trouble: ${status.trouble}`));
  for (const assignment of status.assignments)
    for (const line of renderAssignment(assignment, status.stats)) io.out(line);
}

async function watchStatus(client: RouterClient, json: boolean, io: Io): Promise<number> {
  const signals = new Signals();
  const failed = new Promise<Error>((resolve) => {
    let before = '';
    client.watch().subscribe({
      next: ({ assignments, trouble = '' }) => {
        show(assignments, json, io);
        if (trouble !== before) io.note(cleanForTerminal(`router: ${trouble || 'no trouble any more'}`));
        before = trouble;
      },
      error: resolve,
    });
  });
  const end = await Promise.race([signals.first, failed]);
  if (typeof end === 'string') return SIGNAL_EXITS[end];
  io.note(renderError(end, json));
  return exitCodeFor(end);
}

const handoverCommand = command({
  name: 'handover',
  group: 'admin',
  summary: 'ask the primary of a cluster to hand over to an in-sync standby',
  settings: {
    routers: settings.routers,
    ...settings.trust,
    cluster: settings.cluster,
    service: settings.ofService,
    to: settings.successor,
    json: settings.json,
  },
  run: async ({ cluster, service, to: named, json, ...asked }, { io }) => {
    const to = named === '' ? undefined : serverNamed(named);
    const assignment = await withRouter(asked, (client) => client.handover(service || cluster, { to }));
    show([assignment], json, io);
    const { primary } = assignment;
    if (to === undefined || primary?.serverId === to) return EXIT.done;
    throw new DualpingError(
      'handover-impossible',
      `s${to} could not take over any more when the primary had stopped: s${primary?.serverId} is primary`,
    );
  },
});

const promoteCommand = command({
  name: 'promote',
  group: 'admin',
  summary: 'make a server primary although it may lack acknowledged writes; they are then lost',
  args: [{ name: 'server', help: 'its number, 2 for s2' }],
  settings: {
    routers: settings.routers,
    ...settings.trust,
    cluster: settings.cluster,
    service: settings.ofService,
    unclean: settings.unclean,
    acceptLoss: settings.acceptLoss,
    json: settings.json,
  },
  run: async ({ cluster, service, unclean, acceptLoss, json, ...asked }, { args, io }) => {
    const server = serverNamed(args[0] ?? '');
    if (!unclean)
      throw new DualpingError(
        'invalid-argument',
        `promoting s${server} may lose acknowledged writes that only other servers hold: add --unclean to do it nevertheless`,
      );
    const promoted = await withRouter(asked, (client) =>
      client.promote(service || cluster, server, { acceptLoss }),
    );
    show([promoted], json, io);
    return EXIT.done;
  },
});

const handoverRouterCommand = command({
  name: 'handover',
  group: 'admin router',
  summary: 'ask the leader, of several routers that share a store, to let another one lead',
  settings: { routers: settings.routers, ...settings.trust, json: settings.json },
  run: async ({ json, ...asked }, { io }) => {
    const leader = await withRouter(asked, (client) => client.handoverRouter());
    io.out(json ? JSON.stringify(leader) : renderLeader(leader));
    return EXIT.done;
  },
});

export const ADMIN_COMMANDS: readonly Command[] = [
  statusCommand,
  handoverCommand,
  promoteCommand,
  handoverRouterCommand,
  ...ORDER_COMMANDS,
];
