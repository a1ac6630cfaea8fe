import type { Command } from '../command.js';
import { ADMIN_COMMANDS } from './admin.js';
import { CERTS_COMMANDS } from './certs.js';
import { checkCommand } from './check.js';
import { CLASSIC_COMMANDS } from './classic.js';
import { clientCommand } from './client.js';
import { completionCommand } from './completion.js';
import { demoCommand } from './demo.js';
import { downCommand } from './down.js';
import { healthCommand } from './health.js';
import { listCommand } from './list.js';
import { manCommand } from './man.js';
import { routerCommand } from './router.js';
import { serverCommand } from './server.js';
import { statusCommand } from './status.js';
import { superviseCommand } from './supervise.js';
import { timelineCommand } from './timeline.js';
import { topCommand } from './top.js';
import { startCommand, upCommand } from './up.js';
import { resetKeysCommand, USER_COMMANDS } from './users.js';
import { followCommand, postCommand, unfollowCommand } from './writes.js';

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  startCommand,
  upCommand,
  downCommand,
  statusCommand,
  topCommand,
  demoCommand,
  routerCommand,
  serverCommand,
  superviseCommand,
  clientCommand,
  postCommand,
  timelineCommand,
  followCommand,
  unfollowCommand,
  listCommand,
  ...USER_COMMANDS,
  healthCommand,
  checkCommand,
  completionCommand(() => COMMANDS),
  manCommand(() => COMMANDS),
  ...ADMIN_COMMANDS,
  resetKeysCommand,
  ...CERTS_COMMANDS,
  ...CLASSIC_COMMANDS,
];
