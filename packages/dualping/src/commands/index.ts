import type { Command } from '../command.js';
import { ADMIN_COMMANDS } from './admin.js';
import { clientCommand } from './client.js';
import { healthCommand } from './health.js';
import { listCommand } from './list.js';
import { routerCommand } from './router.js';
import { serverCommand } from './server.js';
import { timelineCommand } from './timeline.js';
import { startCommand, upCommand } from './up.js';
import { followCommand, postCommand, unfollowCommand } from './writes.js';

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  startCommand,
  upCommand,
  routerCommand,
  serverCommand,
  clientCommand,
  postCommand,
  timelineCommand,
  followCommand,
  unfollowCommand,
  listCommand,
  healthCommand,
  ...ADMIN_COMMANDS,
];
