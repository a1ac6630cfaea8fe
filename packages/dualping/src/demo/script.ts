/** The demo without a view: one fault after another, a line for each, and a report. */
import type { Takeover } from '@dualping/terminal';
import type { Demo, DemoOptions } from './demo.js';
import type { Fault } from './faults.js';
import { thisMachine } from './machine.js';
import { type DemoReport, grouped, PARTS } from './report.js';

/** Fewest and most posts between two takeovers: a few hundred milliseconds, of varying length. */
const LEAST_CALM_POSTS = 15;
const MOST_CALM_POSTS = 45;

export interface ScriptOptions extends Pick<DemoOptions, 'servers' | 'timing'> {
  readonly takeovers: number;
  /** Used in turn. */
  readonly faults: readonly Fault[];
  readonly onLine: (line: string) => void;
}

/**
 * Ends early, with the reason among the problems, when a fault can't be made or the last posts don't arrive.
 */
export async function runScript(demo: Demo, options: ScriptOptions): Promise<DemoReport> {
  const { takeovers: asked, faults, onLine, servers, timing } = options;
  const startedAtMs = Date.now();
  const problems: string[] = [];
  const width = String(asked).length;
  const watching = demo.takeovers$.subscribe((takeover) => onLine(renderTakeover(takeover, width, demo)));
  try {
    for (let done = 0; done < asked; done += 1) {
      await demo.calm(LEAST_CALM_POSTS + Math.floor(Math.random() * (MOST_CALM_POSTS - LEAST_CALM_POSTS)));
      await demo.takeOver(faults[done % faults.length] ?? 'kill');
    }
    await demo.calm(LEAST_CALM_POSTS);
  } catch (error) {
    problems.push(`not brought about: ${messageOf(error)}`);
  }
  watching.unsubscribe();
  return await reportOn(demo, { startedAtMs, asked, faults, servers, timing, problems, onLine });
}

interface Run
  extends Pick<DemoReport, 'startedAtMs' | 'asked' | 'faults' | 'servers' | 'timing' | 'problems'> {
  readonly onLine: (line: string) => void;
}

/** Stops the posting, checks every timeline, and reports. */
export async function reportOn(demo: Demo, { onLine, ...run }: Run): Promise<DemoReport> {
  onLine('everybody stops posting and reads the timeline back');
  const problems = [...run.problems];
  try {
    await demo.settle();
  } catch (error) {
    problems.push(`not settled: ${messageOf(error)}`);
  }
  return {
    ...run,
    problems,
    tookMs: Date.now() - run.startedAtMs,
    counts: demo.counts,
    failures: demo.crowd.tally.failures,
    findings: demo.crowd.tally.findings,
    takeovers: demo.takeovers,
    stories: demo.stories.told,
    machine: thisMachine(),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `#07  freeze    s1 → s2  epoch 9     536 ms = 512 + 0 + 21 + 3   1,204 posted, 0 lost` */
function renderTakeover(takeover: Takeover, width: number, { counts }: Demo): string {
  const { number, fault, from, to, epoch, parts, totalMs } = takeover;
  const shown = PARTS.map((part) => parts[part]?.toFixed(0) ?? '·').join(' + ');
  return [
    `#${String(number).padStart(width, '0')}`,
    fault.padEnd(8),
    `s${from} → s${to}`,
    `epoch ${String(epoch).padEnd(3)}`,
    `${totalMs.toFixed(0).padStart(5)} ms = ${shown.padEnd(20)}`,
    `${grouped(counts.posted)} posted, ${counts.lost} lost`,
  ].join('  ');
}
