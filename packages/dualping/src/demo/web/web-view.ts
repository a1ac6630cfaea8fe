/** The demo in browsers: the state of the cluster view, drawn as a page instead of a screen. */
import { DualpingError, quote } from '@dualping/core';
import { type EndingSignal, SIGNAL_EXITS } from '@dualping/host';
import { countText, LiveCluster, victimKey, victimsOf } from '@dualping/terminal';
import { asyncScheduler, type Subscription, throttleTime } from 'rxjs';
import type { Demo } from '../demo.js';
import { type DemoReport, isGood } from '../report.js';
import { reportOn, type ScriptOptions } from '../script.js';
import { PRESSED } from './presses.js';
import { regionsOf } from './regions.js';
import { type Press, WebServer } from './web-server.js';

/**
 * Changes are drawn ten times a second: a page needs less than a screen whose user presses keys.
 */
const FRAME_MS = 100;
/** A page has no size in cells. */
const NO_SIZE = { width: 0, height: 0 };

export interface WebOptions extends ScriptOptions {
  readonly host: string;
  /** Port of the page; 0: a free one. */
  readonly webPort: number;
  /** Ctrl-C ends the demo in order; any other signal ends it at once. */
  readonly signal: Promise<EndingSignal>;
}

/** @returns the report at Ctrl-C, or the exit code when another signal came */
export async function runWeb(demo: Demo, options: WebOptions): Promise<DemoReport | number> {
  const { faults, servers, timing, onLine, signal } = options;
  const startedAtMs = Date.now();
  const view = await WebView.open(demo, options);
  try {
    onLine(`the class watches at ${view.web.link}`);
    onLine(`you have the buttons at ${view.web.ownLink}`);
    onLine('Ctrl-C ends it with a report');
    const ending = await Promise.race([signal, view.failed]);
    if (ending !== 'SIGINT') return SIGNAL_EXITS[ending];
    view.say('Everybody stops posting and reads the timeline back …');
    const report = await reportOn(demo, {
      startedAtMs,
      asked: 0,
      faults,
      servers,
      timing,
      problems: [],
      onLine,
    });
    view.say(`The demo has ended. ${verdictOn(report)}`);
    return report;
  } finally {
    await view.close();
  }
}

const verdictOn = (report: DemoReport): string => {
  const { posted, lost, repeated, outOfOrder } = report.counts;
  const counts = `${countText(posted)} posted, ${lost} lost, ${repeated} repeated, ${outOfOrder} out of order`;
  return isGood(report) ? `${counts}.` : `${counts}: see what the demo says where it was started.`;
};

class WebView {
  /** Rejects when the feed of the demo fails. */
  readonly failed: Promise<never>;
  readonly #live: LiveCluster;
  readonly #drawing: Subscription;
  #end: string | undefined;

  private constructor(
    live: LiveCluster,
    readonly web: WebServer,
  ) {
    this.#live = live;
    this.failed = new Promise((_, reject) => live.start(reject));
    this.failed.catch(() => {}); // it may reject before it is awaited
    const frames$ = live.state$.pipe(
      throttleTime(FRAME_MS, asyncScheduler, { leading: true, trailing: true }),
    );
    this.#drawing = frames$.subscribe(() => this.#draw());
  }

  static async open(demo: Demo, { host, webPort }: WebOptions): Promise<WebView> {
    const live = new LiveCluster(demo.feed, NO_SIZE);
    const onPress = (press: Press): void => pressOn(live, press);
    const web = await WebServer.listen({ host, port: webPort, onPress }, regionsOf(live.state, undefined));
    return new WebView(live, web);
  }

  /** Shows the text about the end of the demo, which stays on the page. */
  say(text: string): void {
    this.#end = text;
    this.#draw();
  }

  async close(): Promise<void> {
    this.#drawing.unsubscribe();
    this.#live.close();
    await this.web.close();
  }

  #draw(): void {
    this.web.show(regionsOf(this.#live.state, this.#end));
  }
}

/**
 * Selects the victim and then presses the key, as on the screen. @throws DualpingError `invalid-argument`
 * that quotes an unknown key or victim
 */
function pressOn(live: LiveCluster, { key, victim }: Press): void {
  if (!PRESSED.includes(key))
    throw new DualpingError(
      'invalid-argument',
      `${quote(key)} is no key here: press one of ${PRESSED.join(' ')}`,
    );
  if (victim !== undefined) {
    const chosen = victimsOf(live.state).find((each) => victimKey(each) === victim);
    if (chosen === undefined)
      throw new DualpingError('invalid-argument', `there is no ${quote(victim)} here`);
    live.dispatch({ kind: 'chosen', victim: chosen });
  }
  live.dispatch({ kind: 'token', token: { kind: 'key', name: key, text: key } });
}
