import { DualpingError, IN_SYNC_HEALTH } from '@dualping/core';
import { EXIT } from '@dualping/host';
import { askHealth } from '@dualping/protocol';
import { command } from '../command.js';
import { userCredentials } from '../credentials.js';
import * as settings from '../settings/definitions.js';

/** For health probes, which use the exit code. */
export const healthCommand = command({
  name: 'health',
  summary: 'ask a router or a server whether it serves; exit code 0 only if it does',
  settings: {
    address: settings.address,
    service: settings.service,
    inSync: settings.inSync,
    timeoutMs: settings.healthTimeoutMs,
    ...settings.trust,
    json: settings.json,
  },
  run: async ({ json, inSync, address, service: named, timeoutMs, certs, ca }, { io, isGiven }) => {
    if (inSync && isGiven('service'))
      throw new DualpingError('invalid-argument', `--service is "${named}": not together with --in-sync`);
    const dialling = userCredentials({ certs, ca }, [address]);
    const question = { address, service: inSync ? IN_SYNC_HEALTH : named, timeoutMs };
    const health = await askHealth({ ...question, dialling });
    io.out(json ? JSON.stringify({ ...question, health }) : health);
    return health === 'serving' ? EXIT.done : EXIT.unavailable;
  },
});
