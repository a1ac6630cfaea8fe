/** `post`, `follow`, `unfollow`: one write and its outcome. */
import type { DualpingSession } from '@dualping/client';
import { EXIT } from '@dualping/host';
import { type Command, type CommandArgument, command } from '../command.js';
import type { Io } from '../io.js';
import { withSession } from '../one-shot.js';
import { judgedPost, postFrom } from '../post-text.js';
import * as settings from '../settings/definitions.js';
import { userName } from '../settings/parse.js';
import { cleanForTerminal } from '../terminal-text.js';

interface Write {
  readonly name: string;
  readonly summary: string;
  readonly argument: CommandArgument;
  /** Throws when the argument can't be sent. */
  judge(argument: string, io: Io): string | Promise<string>;
  send(
    session: DualpingSession,
    argument: string,
  ): Promise<{ readonly position: number; readonly epoch: number }>;
  said(user: string, argument: string): string;
}

function write({ name, summary, argument, judge, send, said }: Write): Command {
  return command({
    name,
    summary,
    args: [argument],
    settings: { ...settings.ofOneOperation, json: settings.json },
    run: async ({ json, ...oneShot }, { args, io }) => {
      const judged = await judge(args[0] ?? '', io);
      const { position, epoch } = await withSession(oneShot, io, (session) => send(session, judged));
      io.out(
        json
          ? JSON.stringify({ position, epoch })
          : cleanForTerminal(`${said(oneShot.user, judged)} (position ${position}, epoch ${epoch})`),
      );
      return EXIT.done;
    },
  });
}

const NAME: CommandArgument = { name: 'name', help: 'user name' };

export const postCommand = write({
  name: 'post',
  summary: 'post a text; done when it is on the disks of all in-sync servers',
  argument: { name: 'text', help: '1 to 1,000 characters; - reads them from standard input' },
  judge: async (text, io) => (text === '-' ? await postFrom(io.input) : judgedPost(text)),
  send: (session, text) => session.post(text),
  said: (user) => `posted as ${user}`,
});

export const followCommand = write({
  name: 'follow',
  summary: 'follow a user: see their posts from now on',
  argument: NAME,
  judge: userName,
  send: (session, target) => session.follow(target),
  said: (user, target) => `${user} follows ${target}`,
});

export const unfollowCommand = write({
  name: 'unfollow',
  summary: 'no longer follow a user',
  argument: NAME,
  judge: userName,
  send: (session, target) => session.unfollow(target),
  said: (user, target) => `${user} no longer follows ${target}`,
});
