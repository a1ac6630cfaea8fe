/** `demo`: takeovers on a screen or a page, or counted by a script. */
import { closeSync, createWriteStream, existsSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DualpingError, MAX_MEMBERS, quote, type Timing } from '@dualping/core';
import {
  DRAIN_LIMIT_MS,
  type EndingSignal,
  EXIT,
  exitCodeFor,
  SIGNAL_EXITS,
  Signals,
  withinLimit,
} from '@dualping/host';
import { checkListen, isLoopback } from '@dualping/protocol';
import { CERTS_FOLDER, NETWORK_FILE } from '@dualping/security';
import { requireEtcd } from '../cluster/local-etcd.js';
import { command, type Invocation } from '../command.js';
import type { Demo } from '../demo/demo.js';
import { FAULTS, parseFaults } from '../demo/faults.js';
import { openDemoFolder } from '../demo/folder.js';
import type { DemoReport } from '../demo/report.js';
import { hasFullScreen } from '../person-client.js';
import * as settings from '../settings/definitions.js';
import { text, wholeNumber } from '../settings/parse.js';
import type { Setting, Values } from '../settings/setting.js';
import { timingOf } from '../settings/timing.js';
import { cleanForTerminal } from '../terminal-text.js';

/** More people than this show nothing more, and make the machine slower. */
const MAX_PEOPLE = 200;
const MAX_TAKEOVERS = 10_000;
const DEFAULT_HTML = 'dualping-demo.html';

const servers: Setting<number> = {
  ...settings.servers,
  help: 'servers to start, one primary and its standbys',
  parse: (given) => {
    if (given.trim() === '1')
      throw new DualpingError(
        'invalid-argument',
        `with one server there is no standby to take over: give 2 to ${MAX_MEMBERS}`,
      );
    return wholeNumber(2, MAX_MEMBERS)(given);
  },
};

const DEMO_SETTINGS = {
  host: { ...settings.host, help: 'where to listen, the page too' },
  port: {
    ...settings.routerPort,
    help: 'where clients of yours can find the network, 0 for a free port',
    fallback: 0,
  },
  routers: {
    ...settings.routersOfNetwork,
    help: 'routers of which one leads; more than one share an etcd that runs with the demo',
  },
  servers,
  people: {
    key: 'people',
    argument: 'count',
    help: 'simulated people who follow one another, post and read',
    parse: wholeNumber(2, MAX_PEOPLE),
    fallback: 12,
  },
  data: { ...settings.data(''), fallbackText: 'a temporary folder, removed at the end' },
  script: { ...settings.line, key: 'script', help: 'without a terminal: fault after fault, then a report' },
  web: {
    ...settings.line,
    key: 'web',
    help: 'a page for browsers instead of the full screen; only the printed link has the buttons',
  },
  webPort: {
    ...settings.routerPort,
    key: 'webPort',
    help: 'with --web: where the page is, 0 for a free port',
    fallback: 0,
  },
  takeovers: {
    key: 'takeovers',
    argument: 'count',
    help: 'with --script: how many',
    parse: wholeNumber(1, MAX_TAKEOVERS),
    fallback: 20,
  },
  faults: {
    key: 'faults',
    argument: 'fault,...',
    help: `with --script: what is done to the primary, in turn: ${FAULTS.join(', ')}`,
    parse: parseFaults,
    fallback: parseFaults('kill,freeze,cut'),
  },
  html: {
    key: 'html',
    argument: 'file',
    help: 'the report as a page; on the full screen only when asked for',
    parse: text,
    fallback: DEFAULT_HTML,
  },
  ...settings.timing,
};
type DemoValues = Values<typeof DEMO_SETTINGS>;

export const demoCommand = command({
  name: 'demo',
  summary: 'a network with simulated people; its servers are killed, frozen and cut off, and nothing is lost',
  settings: DEMO_SETTINGS,
  run: async (values, invocation) => {
    const { io, isGiven } = invocation;
    const { script: isScript, web: isWeb } = values;
    if (isScript && isWeb)
      throw new DualpingError('invalid-argument', '--script and --web exclude each other: give one');
    if (!isScript && !isWeb && !hasFullScreen(io, false))
      throw new DualpingError(
        'invalid-argument',
        'there is no terminal to show it on: give --web or --script',
      );
    const html = values.script || isGiven('html') ? writableFile(values.html) : undefined;
    // Checked before everything is started, because the port is needed only later.
    if (isWeb && values.webPort !== 0) await checkListen(values.host, values.webPort);
    const report = await withDemo(values, invocation, async (demo, signal) => {
      if (isScript) return await script(demo, values, invocation);
      return isWeb ? await serve(demo, values, invocation, signal) : await show(demo, values, invocation);
    });
    if (typeof report === 'number') return report;
    // Loaded here only: the short commands must not pay for what they don't run.
    const { isGood, renderJson, renderTable } = await import('../demo/report.js');
    for (const line of renderTable(report)) io.out(cleanForTerminal(line));
    if (html !== undefined) {
      const { renderPage } = await import('../demo/page/page.js');
      writeFileSync(html, renderPage(report));
      io.note(`the report is in ${html}`);
    }
    if (values.script) io.out(renderJson(report));
    return isGood(report) ? EXIT.done : EXIT.refused;
  },
});

const timingIn = ({ pingIntervalMs, deadAfterMs, reattachGraceMs }: DemoValues): Timing =>
  timingOf({ pingIntervalMs, deadAfterMs, reattachGraceMs });

/**
 * Runs `use` on a demo, and always ends the demo. @returns the report, or the exit code when a signal came
 * first
 */
async function withDemo(
  values: DemoValues,
  { io }: Invocation,
  use: (demo: Demo, signal: Promise<EndingSignal>) => Promise<DemoReport | number>,
): Promise<DemoReport | number> {
  const { host, port, routers, servers, people, data } = values;
  const timing = timingIn(values);
  const { Demo } = await import('../demo/demo.js');
  const { isGood } = await import('../demo/report.js');
  if (routers > 1) requireEtcd(`routers is "${routers}"`);
  const folder = openDemoFolder(data);
  const diary = createWriteStream(join(folder.path, 'operator.log'), { flags: 'w' });
  // A full disk must not end the demo: this is only its log.
  diary.on('error', () => {});
  const onLine = (name: string, line: string) => diary.write(`${cleanForTerminal(`${name} | ${line}`)}\n`);
  const demo = new Demo({ host, port, routers, servers, people, folder: folder.path, timing, onLine });
  const signals = new Signals(() => demo.end());
  let kept = false;
  let serving = false;
  try {
    io.note(
      `starting ${routers === 1 ? 'a router' : `${routers} routers`}, ${servers} servers and ${people} people`,
    );
    const running = demo.start().then(async () => {
      io.note(`join them: ${demo.joinCommand}`);
      const ca = join(folder.path, CERTS_FOLDER, NETWORK_FILE);
      if (!isLoopback(host)) io.note(`from another machine with --ca and a copy of ${ca}`);
      serving = values.web;
      return await use(demo, signals.first);
    });
    running.catch(() => {}); // a signal may come first
    // A page has no key to leave with: it ends by the signal.
    const ended = signals.first.then(async (signal) => (serving ? await running : SIGNAL_EXITS[signal]));
    const report = await Promise.race([running, ended]);
    if (typeof report === 'number') return report;
    kept = !isGood(report);
    return report;
  } catch (error) {
    kept = exitCodeFor(error) === EXIT.internal;
    throw error;
  } finally {
    if (!(await withinLimit(demo.stop(), DRAIN_LIMIT_MS))) demo.end();
    diary.end();
    folder.leave(kept);
    if (kept || !folder.temporary) io.note(`what the servers wrote and said is kept in ${folder.path}`);
  }
}

async function script(demo: Demo, values: DemoValues, { io }: Invocation): Promise<DemoReport> {
  const { runScript } = await import('../demo/script.js');
  return await runScript(demo, { ...values, timing: timingIn(values), onLine: io.note });
}

async function serve(
  demo: Demo,
  values: DemoValues,
  { io }: Invocation,
  signal: Promise<EndingSignal>,
): Promise<DemoReport | number> {
  const { runWeb } = await import('../demo/web/web-view.js');
  return await runWeb(demo, { ...values, timing: timingIn(values), onLine: io.note, signal });
}

async function show(demo: Demo, values: DemoValues, { io }: Invocation): Promise<DemoReport> {
  const { runView } = await import('../demo/on-screen.js');
  return await runView(demo, { ...values, timing: timingIn(values), onLine: io.note }, io);
}

/**
 * Checked before the demo spends minutes on the report. It leaves no file behind: the folder may be the data
 * folder, as in the image, and that must be empty.
 *
 * @throws DualpingError `invalid-argument` quoting it
 */
function writableFile(path: string): string {
  const file = resolve(path);
  const isThere = existsSync(file);
  try {
    closeSync(openSync(file, 'a'));
    if (!isThere) unlinkSync(file);
    return file;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DualpingError('invalid-argument', `--html is ${quote(path)}: ${why}`, { cause: error });
  }
}
