import { Signals } from '@dualping/host';
import { command } from '../command.js';
import { runPersonClient } from '../person-client.js';
import * as settings from '../settings/definitions.js';
import { personCredentials } from '../user/first-contact.js';

export const clientCommand = command({
  name: 'client',
  summary: 'read and post, on the full screen; on a pipe, run the lines that come in and end',
  settings: {
    user: settings.user,
    routers: settings.routers,
    ...settings.trust,
    limit: settings.limit,
    line: settings.line,
  },
  run: async ({ user, routers, limit, line: lines, ...trust }, { io, isGiven }) => {
    const { first: signal } = new Signals();
    const credentials = await personCredentials(trust, routers, io);
    const isLimitGiven = isGiven('limit');
    return await runPersonClient({ user, routers, credentials, limit, isLimitGiven, io, lines, signal });
  },
});
