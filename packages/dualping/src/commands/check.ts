import { RouterClient } from '@dualping/client';
import { DualpingError } from '@dualping/core';
import { renderVerdict, SEVERITY, type Verdict, verdictOf } from '../check/verdict.js';
import { command } from '../command.js';
import * as settings from '../settings/definitions.js';
import { cleanForTerminal } from '../terminal-text.js';

/** For monitoring programs (Nagios, Icinga and their like): they go by the exit code. */
export const checkCommand = command({
  name: 'check',
  summary: 'whether the network is well, for monitoring: exit code 0 it is, 1 a warning, 2 critical',
  settings: {
    routers: settings.routers,
    cluster: settings.cluster,
    minInSync: settings.minInSync,
    maxLag: settings.maxLag,
    timeoutMs: settings.timeoutMs,
    json: settings.json,
  },
  run: async ({ routers, cluster, minInSync, maxLag, timeoutMs, json }, { io, isGiven }) => {
    const client = new RouterClient({ routers });
    let verdict: Verdict;
    try {
      const status = await client.status({ signal: AbortSignal.timeout(timeoutMs) });
      verdict = verdictOf(status, { cluster: isGiven('cluster') ? cluster : undefined, minInSync, maxLag });
    } catch (error) {
      // A router that does not answer is critical too.
      const text = error instanceof DualpingError ? error.detail : `no answer within ${timeoutMs} ms`;
      verdict = { severity: 'critical', problems: [{ severity: 'critical', text }], clusters: [] };
    } finally {
      client.close();
    }
    io.out(json ? JSON.stringify(verdict) : cleanForTerminal(renderVerdict(verdict)));
    return SEVERITY[verdict.severity];
  },
});
