import { DualpingSession } from '@dualping/client';
import { command } from '../command.js';
import { runLineClient } from '../line-client/line-client.js';
import * as settings from '../settings/definitions.js';
import { Signals } from '../signals.js';

export const clientCommand = command({
  name: 'client',
  summary: 'read and post, line by line; on a pipe, do the lines that come in and end',
  settings: { user: settings.user, routers: settings.routers, limit: settings.limit },
  run: async ({ user, routers, limit }, { io }) => {
    const { first } = new Signals();
    const session = new DualpingSession({ routers, user, timeline: { history: limit } });
    return await runLineClient({ session, user, io, signal: first });
  },
});
