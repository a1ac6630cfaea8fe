import { EXIT } from '@dualping/host';
import { askHealth } from '@dualping/protocol';
import { command } from '../command.js';
import { userCredentials } from '../credentials.js';
import * as settings from '../settings/definitions.js';

/** For health probes, which use the exit code. */
export const healthCommand = command({
  name: 'health',
  summary: 'ask a router or a server how it is; exit code 0 only when it serves',
  settings: {
    address: settings.address,
    service: settings.service,
    timeoutMs: settings.healthTimeoutMs,
    ...settings.trust,
    json: settings.json,
  },
  run: async ({ json, certs, ca, ...question }, { io }) => {
    const dialling = userCredentials({ certs, ca }, [question.address]);
    const health = await askHealth({ ...question, dialling });
    io.out(json ? JSON.stringify({ ...question, health }) : health);
    return health === 'serving' ? EXIT.done : EXIT.unavailable;
  },
});
