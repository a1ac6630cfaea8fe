import type { UserPresence } from '@dualping/client';
import { EXIT } from '@dualping/host';
import { command } from '../command.js';
import { withSession } from '../one-shot.js';
import { renderList } from '../render.js';
import * as settings from '../settings/definitions.js';

export const listCommand = command({
  name: 'list',
  summary: 'all users (a line for each 2,000), your followers and those you follow, of all clusters',
  settings: { ...settings.ofOneOperation, json: settings.json },
  // Prints page by page: a network may have more users than fit into one message, or one line.
  run: async ({ json, ...oneShot }, { io }) => {
    const followers: UserPresence[] = [];
    const following: UserPresence[] = [];
    await withSession(oneShot, io, async (session) => {
      for await (const { next: _, ...page } of session.listPages()) {
        io.out(json ? JSON.stringify(page) : renderList('users', page.users));
        followers.push(...page.followers);
        following.push(...page.following);
      }
    });
    if (!json)
      for (const line of [renderList('followers', followers), renderList('following', following)])
        io.out(line);
    return EXIT.done;
  },
});
