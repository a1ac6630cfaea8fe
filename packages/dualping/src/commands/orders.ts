/** What operators order for a cluster, and what has happened to it. */
import { EXIT } from '@dualping/host';
import { type Command, command } from '../command.js';
import { renderHistory } from '../render.js';
import * as settings from '../settings/definitions.js';
import { serverNamed, show, withRouter } from './operators-call.js';

const OF_A_CLUSTER = {
  routers: settings.routers,
  ...settings.trust,
  cluster: settings.cluster,
  service: settings.ofService,
  json: settings.json,
};

const pauseCommand = command({
  name: 'pause',
  group: 'admin',
  summary: 'pause failover of a cluster: no other server takes over from a primary that is lost',
  settings: OF_A_CLUSTER,
  run: async ({ cluster, service, json, ...asked }, { io }) => {
    show([await withRouter(asked, (client) => client.pause(service || cluster))], json, io);
    return EXIT.done;
  },
});

const restCommand = command({
  name: 'rest',
  group: 'admin',
  summary: 'bring a cluster to rest: its primary ends in order, and nobody serves until resume',
  settings: {
    routers: settings.routers,
    ...settings.trust,
    cluster: settings.cluster,
    json: settings.json,
  },
  run: async ({ cluster, json, ...asked }, { io }) => {
    show([await withRouter(asked, (client) => client.rest(cluster))], json, io);
    return EXIT.done;
  },
});

const resumeCommand = command({
  name: 'resume',
  group: 'admin',
  summary: 'end a pause or a rest: failover is automatic again',
  settings: OF_A_CLUSTER,
  run: async ({ cluster, service, json, ...asked }, { io }) => {
    show([await withRouter(asked, (client) => client.resume(service || cluster))], json, io);
    return EXIT.done;
  },
});

const removeCommand = command({
  name: 'remove',
  group: 'admin',
  summary: 'forget a server that does not come back',
  args: [{ name: 'server', help: 'its number, 2 for s2' }],
  settings: { ...OF_A_CLUSTER, acceptLoss: settings.acceptFewerCopies },
  run: async ({ cluster, service, acceptLoss, json, ...asked }, { args, io }) => {
    const server = serverNamed(args[0] ?? '');
    const remove = withRouter(asked, (client) => client.remove(service || cluster, server, { acceptLoss }));
    show([await remove], json, io);
    return EXIT.done;
  },
});

const historyCommand = command({
  name: 'history',
  group: 'admin',
  summary: "epochs of a cluster and operators' orders, with times and reasons",
  settings: OF_A_CLUSTER,
  run: async ({ cluster, service, json, ...asked }, { io }) => {
    const entries = await withRouter(asked, (client) => client.history(service || cluster));
    const now = Date.now();
    for (const entry of entries) io.out(json ? JSON.stringify(entry) : renderHistory(entry, now));
    return EXIT.done;
  },
});

export const ORDER_COMMANDS: readonly Command[] = [
  pauseCommand,
  restCommand,
  resumeCommand,
  removeCommand,
  historyCommand,
];
