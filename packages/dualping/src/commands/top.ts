import { isDeepStrictEqual } from 'node:util';
import { RouterClient } from '@dualping/client';
import { EXIT, exitCodeFor, SIGNAL_EXITS, Signals } from '@dualping/host';
import type { ClusterFeed } from '@dualping/terminal';
import { distinctUntilChanged, EMPTY, map, merge } from 'rxjs';
import { command } from '../command.js';
import { certsAt, operatorCredentials } from '../credentials.js';
import { type Io, renderError } from '../io.js';
import { hasFullScreen } from '../person-client.js';
import * as settings from '../settings/definitions.js';
import { logsIn } from '../top/process-logs.js';
import { routerFeed } from '../top/router-feed.js';
import { routerPids } from '../top/router-pids.js';
import { renderStatusTable } from '../top/table.js';

export const topCommand = command({
  name: 'top',
  summary: 'clusters live, on the full screen; on a pipe a table, once; with --json a line for each change',
  settings: { routers: settings.routers, ...settings.trust, data: settings.logsOf, json: settings.json },
  run: async ({ routers, data, json, ...trust }, { io, isGiven }) => {
    const certs = trust.certs || (certsAt(data, routers) ?? '');
    const credentials = operatorCredentials({ ...trust, certs }, routers);
    const client = new RouterClient({ routers, credentials });
    try {
      const logs = logsIn(data, routers, isGiven('data'));
      const pids = () => routerPids(data);
      const feed = {
        ...routerFeed(client, 'dualping top', undefined, pids),
        ...(logs !== undefined && { logOf: logs }),
      };
      if (json) return await printChanges(feed, io);
      if (hasFullScreen(io, false)) {
        const exitCode = await showFeed(feed, io);
        if (exitCode !== undefined) return exitCode;
      }
      for (const line of renderStatusTable(await client.status(), pids())) io.out(line);
      return EXIT.done;
    } finally {
      client.close();
    }
  },
});

/** @returns the exit code; undefined if the terminal can't show a full screen */
async function showFeed(feed: ClusterFeed, io: Io): Promise<number | undefined> {
  // Loaded only here: other commands start faster without it.
  const { runClusterView, NoScreen } = await import('@dualping/terminal');
  try {
    return await runClusterView({ feed, input: io.input, output: io.output, env: process.env });
  } catch (error) {
    if (!(error instanceof NoScreen)) throw error;
    io.note(`no full screen: ${error.message}`);
    return undefined;
  }
}

/** Runs until a signal: prints each assignment and its changes, each takeover, and the events. */
async function printChanges(
  { updates$, takeovers$, events$, routers$ = EMPTY }: ClusterFeed,
  io: Io,
): Promise<number> {
  const signals = new Signals();
  const lines$ = merge(
    events$.pipe(map(({ kind, ...event }) => ({ kind: 'event', what: kind, ...event }))),
    takeovers$.pipe(map((takeover) => ({ kind: 'takeover', ...takeover }))),
    updates$.pipe(map(({ assignments }) => assignments.map((each) => ({ kind: 'assignment', ...each })))),
    routers$.pipe(
      map((each) => ({ kind: 'routers', ...each })),
      distinctUntilChanged((one, other) => isDeepStrictEqual(one, other)),
    ),
  );
  const failed = new Promise<unknown>((resolve) => {
    lines$.subscribe({
      next: (lines) => {
        for (const line of Array.isArray(lines) ? lines : [lines]) io.out(JSON.stringify(line));
      },
      error: resolve,
    });
  });
  const end = await Promise.race([signals.first, failed.then((error) => ({ error }))]);
  if (typeof end === 'string') return SIGNAL_EXITS[end];
  io.note(renderError(end.error, true));
  return exitCodeFor(end.error);
}
