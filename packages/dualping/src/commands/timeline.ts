import { clockDifferenceText, DualpingSession } from '@dualping/client';
import { DualpingError, type Position, type Post, position } from '@dualping/core';
import { EXIT, exitCodeFor, SIGNAL_EXITS, Signals } from '@dualping/host';
import { command } from '../command.js';
import type { Io } from '../io.js';
import { renderError } from '../io.js';
import { withSession } from '../one-shot.js';
import { renderMove, renderPost, renderState } from '../render.js';
import * as settings from '../settings/definitions.js';
import { ownDevice } from '../user/device-keys.js';
import { personCredentials } from '../user/first-contact.js';

/** Above the position of any post. */
const END: Position = position(Number.MAX_SAFE_INTEGER);

interface TimelineValues {
  readonly user: string;
  readonly routers: readonly string[];
  readonly timeoutMs: number;
  readonly limit: number;
  readonly json: boolean;
  readonly certs: string;
  readonly ca: string;
}

export const timelineCommand = command({
  name: 'timeline',
  summary: 'posts of those you follow, and your own, oldest first',
  settings: {
    user: settings.user,
    routers: settings.routers,
    ...settings.trust,
    limit: settings.limit,
    follow: settings.follow,
    timeoutMs: settings.timeoutMs,
    json: settings.json,
  },
  run: async ({ follow, ...values }, { io }) => await (follow ? goOn(values, io) : showPast(values, io)),
});

function show(post: Post, json: boolean, io: Io): void {
  io.out(json ? JSON.stringify(post) : renderPost(post, Date.now()));
}

async function showPast({ limit, json, ...oneShot }: TimelineValues, io: Io): Promise<number> {
  if (limit === 0) return EXIT.done;
  const { posts } = await withSession({ ...oneShot, pages: true }, io, (session) =>
    session.older(END, limit),
  );
  for (const post of posts) show(post, json, io);
  return EXIT.done;
}

/** Runs until a signal. It waits through breaks of any length: `timeoutMs` is only for commands that end. */
async function goOn({ user, routers, limit, json, ...trust }: TimelineValues, io: Io): Promise<number> {
  const signals = new Signals();
  const credentials = await personCredentials(trust, routers);
  const session = new DualpingSession({
    routers,
    user,
    timeline: { history: limit },
    credentials,
    ...ownDevice(credentials, user),
  });
  const failed = new Promise<DualpingError>((resolve) => {
    session.posts$.subscribe((post) => show(post, json, io));
    session.clocks$.subscribe((clocks) => io.note(clockDifferenceText(clocks)));
    session.moves$.subscribe((move) => io.note(renderMove(move)));
    session.state$.subscribe((state) => {
      if (state.kind === 'failed') resolve(new DualpingError(state.because.reason, state.because.detail));
      else if (state.kind === 'waiting' || (state.kind === 'resolving' && state.because !== undefined))
        io.note(renderState(state, performance.now()));
    });
  });
  const end = await Promise.race([signals.first, failed]);
  session.close();
  if (typeof end === 'string') return SIGNAL_EXITS[end];
  io.note(renderError(end, json));
  return exitCodeFor(end);
}
