import { type NetworkStatus, RouterClient } from '@dualping/client';
import { DualpingError } from '@dualping/core';
import { checkCertificates } from '../check/certificates.js';
import { checkDisk } from '../check/disk.js';
import {
  type Attempt,
  renderVerdict,
  SEVERITY,
  type Verdict,
  verdictOf,
  withLocal,
} from '../check/verdict.js';
import { command } from '../command.js';
import { operatorCredentials, type Trust } from '../credentials.js';
import * as settings from '../settings/definitions.js';
import { cleanForTerminal } from '../terminal-text.js';

/** For monitoring programs (Nagios, Icinga and similar), which use the exit code. */
export const checkCommand = command({
  name: 'check',
  summary:
    'whether the network is well, for monitoring: exit code 0 if it is, 1 for a warning, 2 if critical',
  settings: {
    routers: settings.routers,
    ...settings.trust,
    cluster: settings.cluster,
    service: settings.ofService,
    minInSync: settings.minInSync,
    maxLag: settings.maxLag,
    data: settings.checkedData,
    minFree: settings.minFree,
    maxSync: settings.maxSync,
    minDays: settings.minDays,
    timeoutMs: settings.timeoutMs,
    json: settings.json,
  },
  run: async ({ routers, certs, ca, timeoutMs, json, ...given }, { io, isGiven }) => {
    const { cluster, service, minInSync, maxLag, data, minFree, maxSync, minDays } = given;
    const only = service || (isGiven('cluster') ? cluster : undefined);
    const [status, disk, certificates] = await Promise.all([
      attempt(() => statusOf({ routers, trust: { certs, ca }, timeoutMs })),
      data === ''
        ? undefined
        : attempt(() => checkDisk(data, { minFreePercent: minFree, maxSyncMs: maxSync, timeoutMs })),
      certs === '' ? undefined : attempt(() => checkCertificates(certs, minDays, Date.now())),
    ]);
    const verdict: Verdict =
      'failed' in status
        ? { severity: 'critical', problems: [status.failed], clusters: [] }
        : verdictOf(status.done, { cluster: only, minInSync, maxLag });
    const whole = withLocal(verdict, { disk, certificates });
    io.out(json ? JSON.stringify(whole) : cleanForTerminal(renderVerdict(whole)));
    return SEVERITY[whole.severity];
  },
});

/** A router that does not answer is critical too. */
async function attempt<T>(look: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    return { done: await look() };
  } catch (error) {
    const text = error instanceof DualpingError ? error.detail : String(error);
    return { failed: { severity: 'critical', text } };
  }
}

interface Asked {
  readonly routers: readonly string[];
  readonly trust: Trust;
  readonly timeoutMs: number;
}

async function statusOf({ routers, trust, timeoutMs }: Asked): Promise<NetworkStatus> {
  const client = new RouterClient({ routers, credentials: operatorCredentials(trust, routers) });
  try {
    return await client.status({ signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    if (error instanceof DualpingError) throw error;
    throw new DualpingError('router-unreachable', `no answer within ${timeoutMs} ms`, { cause: error });
  } finally {
    client.close();
  }
}
