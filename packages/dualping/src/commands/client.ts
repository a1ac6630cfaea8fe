import { DualpingSession } from '@dualping/client';
import { Signals } from '@dualping/host';
import { command } from '../command.js';
import { FULL_SCREEN_HISTORY, hasFullScreen, runPersonClient } from '../person-client.js';
import * as settings from '../settings/definitions.js';
import { ownDevice } from '../user/device-keys.js';
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
    const isFull = hasFullScreen(io, lines);
    const history = isFull && !isGiven('limit') ? FULL_SCREEN_HISTORY : limit;
    const credentials = await personCredentials(trust, routers, io);
    const session = new DualpingSession({
      routers,
      user,
      timeline: { history },
      mentions: isFull,
      credentials,
      ...ownDevice(credentials, user),
    });
    return await runPersonClient({ session, routers, credentials, io, lines, signal });
  },
});
