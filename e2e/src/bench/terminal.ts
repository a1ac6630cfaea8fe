/**
 * What the full-screen client costs while 1,000 posts a second arrive, and how soon it then reacts to keys.
 *
 * The real program in a pty of 120x36, with a real cluster. The posts are written by this process; the
 * client's own CPU time is taken from the kernel. A key counts as answered when its letter is on the emulated
 * screen.
 */
import type { DualpingSession } from '@dualping/client';
import { eventually } from '../eventually.js';
import { percentile } from '../statistics.js';
import { ME, Stage } from '../terminal/stage.js';
import type { Terminal } from '../terminal/terminal.js';
import type { Bench } from './bench.js';
import { MILLISECONDS, type Quantity } from './figures.js';
import { cpuTimeMs, memoryMb } from './process-time.js';

const POSTS_PER_SECOND = 1_000;
const SECONDS = 5;
const COLUMNS = 120;
const ROWS = 36;
/** Portions of posts a second. */
const PORTIONS = 50;
const AUTHORS = ['ana', 'bo', 'chen', 'dee'];
const KEYS_EVERY_MS = 100;
const LAST_POST = 'the flood is over';

const SHARE_OF_A_CORE: Quantity = { unit: '% of a core', better: 'less' };
const MEGABYTES: Quantity = { unit: 'MB', better: 'less' };

interface TerminalRun {
  readonly startMs: number;
  /** Share of one core. */
  readonly cpuShare: number;
  readonly keysMs: readonly number[];
  readonly memoryMb: number;
}

async function runOnce(): Promise<TerminalRun> {
  const stage = await Stage.open();
  try {
    const mira = stage.person(ME);
    const authors = AUTHORS.map((name) => stage.person(name));
    for (const author of authors) await author.list();
    for (const name of AUTHORS) await mira.follow(name);
    stage.leaves(ME);

    const startedAt = performance.now();
    const terminal = stage.client({ columns: COLUMNS, rows: ROWS });
    await whenShown(terminal, (screen) => screen.includes('dualping'));
    const startMs = performance.now() - startedAt;
    await whenShown(terminal, (screen) => screen.includes('● live'));

    const typing = new Typing(terminal);
    const cpuBefore = cpuTimeMs(terminal.pid);
    const began = performance.now();
    const [, keysMs] = await Promise.all([write(authors), typing.during(SECONDS * 1_000)]);
    await whenShown(terminal, (screen) => screen.includes(LAST_POST));
    const tookMs = performance.now() - began;
    const cpuMs = cpuTimeMs(terminal.pid) - cpuBefore;
    return { startMs, cpuShare: cpuMs / tookMs, keysMs, memoryMb: memoryMb(terminal.pid) };
  } finally {
    await stage.close();
  }
}

export const terminalBench: Bench = {
  title: `The full-screen client under ${POSTS_PER_SECOND.toLocaleString('en')} posts a second`,
  limit: 'none: there is no bare client to compare with',
  async run({ repetitions, figures, say }) {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      say(`terminal: ${repetition + 1} of ${repetitions}`);
      const { startMs, cpuShare, keysMs, memoryMb: megabytes } = await runOnce();
      figures.add('start: first frame', MILLISECONDS, startMs);
      figures.add('CPU', SHARE_OF_A_CORE, cpuShare * 100);
      figures.add('key to screen, p50', MILLISECONDS, percentile(keysMs, 0.5));
      figures.add('key to screen, p95', MILLISECONDS, percentile(keysMs, 0.95));
      figures.add('memory', MEGABYTES, megabytes);
    }
  },
};

/** Posts at an even pace; when all are acknowledged, in whatever order, `LAST_POST` follows them. */
async function write(authors: readonly DualpingSession[]): Promise<void> {
  const total = POSTS_PER_SECOND * SECONDS;
  const portion = POSTS_PER_SECOND / PORTIONS;
  const began = performance.now();
  const writes: Promise<unknown>[] = [];
  for (let at = 0; at < total; at += 1) {
    if (at % portion === 0) await until(began + (at / POSTS_PER_SECOND) * 1_000);
    const author = authors[at % authors.length];
    if (author !== undefined)
      writes.push(
        author.post(`number ${at + 1} of a flood: kill a server and watch the timeline not blink 🎉`),
      );
  }
  await Promise.all(writes);
  await authors[0]?.post(LAST_POST);
}

const until = (at: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));

const whenShown = (terminal: Terminal, isThere: (screen: string) => boolean): Promise<unknown> =>
  eventually(
    'the client shows it',
    async () => (isThere(terminal.screen()) ? true : undefined),
    60_000,
    () => terminal.screen(),
  );

/** Types letters into the composer, one at a time, and measures when each is on the screen. */
class Typing {
  constructor(readonly terminal: Terminal) {}

  async during(ms: number): Promise<number[]> {
    const { terminal } = this;
    const endsAt = performance.now() + ms;
    const took: number[] = [];
    terminal.press('i');
    let text = '';
    while (performance.now() < endsAt) {
      const letter = String.fromCharCode(97 + (took.length % 26));
      text = text.length >= 60 ? '' : text;
      if (text === '') terminal.press('ctrl-u');
      text += letter;
      const began = performance.now();
      terminal.type(letter);
      const wanted = `› ${text}`;
      while (!terminal.row(ROWS - 2).includes(wanted)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (performance.now() - began > 5_000)
          throw new Error(`a key was not answered:\n${terminal.screen()}`);
      }
      took.push(performance.now() - began);
      await until(began + KEYS_EVERY_MS);
    }
    return took;
  }
}
