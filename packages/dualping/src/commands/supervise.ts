import { command } from '../command.js';
import * as settings from '../settings/definitions.js';
import { SERVER_SETTINGS } from './server.js';

export const superviseCommand = command({
  name: 'supervise',
  summary: 'watch over a server and start it again when it is gone or hangs; what `server --supervised` runs',
  settings: { ...SERVER_SETTINGS, keepAliveMs: settings.keepAliveMs },
  run: async (values, { io }) => {
    // Loaded here only: the short commands must not pay for what they don't run.
    const { supervise } = await import('../supervisor/supervise.js');
    return await supervise(values, io);
  },
});
