import { command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { withSession } from '../one-shot.js';
import { renderLists } from '../render.js';
import * as settings from '../settings/definitions.js';

export const listCommand = command({
  name: 'list',
  summary: 'all users, your followers and whom you follow, of all clusters',
  settings: {
    user: settings.user,
    routers: settings.routers,
    timeoutMs: settings.timeoutMs,
    json: settings.json,
  },
  run: async ({ json, ...oneShot }, { io }) => {
    const lists = await withSession(oneShot, (session) => session.list());
    if (json) io.out(JSON.stringify(lists));
    else for (const line of renderLists(lists)) io.out(line);
    return EXIT.done;
  },
});
