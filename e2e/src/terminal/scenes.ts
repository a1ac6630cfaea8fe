/** The states of the client in the pictures, and the keys that lead there. */
import { LAUNCHER } from '../dualping-process.js';
import type { Background } from './picture.js';
import { type ClientOptions, LATEST, Stage, withTalk } from './stage.js';
import type { Terminal } from './terminal.js';

export interface Scene extends ClientOptions {
  /** Name of the picture's file. */
  readonly name: string;
  readonly background: Background;
  /** The arguments after `dualping`; absent: the client of the stage. */
  readonly command?: (stage: Stage) => readonly string[];
  /** Brings the client to the scene; resolves when the screen shows it. */
  readonly drive: (terminal: Terminal, stage: Stage) => Promise<void>;
}

const DARK = { background: 'dark' } as const;
const LIGHT = { background: 'light', env: { COLORFGBG: '0;15' } } as const;
const SMALL = { columns: 80, rows: 24 } as const;
const LARGE = { columns: 120, rows: 36 } as const;

export const SCENES: readonly Scene[] = [
  { name: 'home-80x24', ...DARK, ...SMALL, drive: talkAndWriting },
  { name: 'home-120x36', ...DARK, ...LARGE, drive: talkAndWriting },
  { name: 'home-light', ...LIGHT, ...SMALL, drive: talkAndWriting },
  { name: 'home-no-color', ...DARK, ...SMALL, env: { NO_COLOR: '1' }, drive: talkAndWriting },
  { name: 'help', ...DARK, ...SMALL, drive: help },
  { name: 'search', ...DARK, ...SMALL, drive: search },
  { name: 'link', ...LIGHT, ...SMALL, drive: link },
  { name: 'command', ...DARK, ...SMALL, drive: command },
  { name: 'resumed', ...DARK, ...SMALL, drive: resumed },
  { name: 'everything-down', ...DARK, ...SMALL, drive: everythingDown },
  { name: 'top-80x24', ...DARK, ...SMALL, command: top, drive: topOfTakeover },
  { name: 'top-router-away', ...DARK, ...SMALL, command: top, drive: routerAway },
  { name: 'demo-80x24', ...DARK, ...SMALL, command: demo, drive: lesson },
  { name: 'demo-120x36', ...DARK, ...LARGE, command: demo, drive: lesson },
  { name: 'demo-light', ...LIGHT, ...SMALL, command: demo, drive: lesson },
  { name: 'demo-no-color', ...DARK, ...SMALL, env: { NO_COLOR: '1' }, command: demo, drive: lesson },
];

/** Sets up a scene with a stage of its own, passes it to `look`, and ends everything. */
export async function withScene(
  scene: Scene,
  look: (terminal: Terminal, stage: Stage) => void | Promise<void>,
): Promise<void> {
  const stage = await Stage.open();
  try {
    await withTalk(stage);
    const terminal =
      scene.command === undefined
        ? stage.client(scene)
        : stage.run(process.execPath, [LAUNCHER, ...scene.command(stage)], scene);
    await scene.drive(terminal, stage);
    await look(terminal, stage);
  } finally {
    await stage.close();
  }
}

async function arrived(terminal: Terminal, stage: Stage): Promise<void> {
  await terminal.shows('live');
  await stage.person(LATEST.name).post(LATEST.text);
  await terminal.shows('hold it through four');
  await terminal.shows(/Following \d/);
}

async function talkAndWriting(terminal: Terminal, stage: Stage): Promise<void> {
  await arrived(terminal, stage);
  await stage.person('ana').post('Next: pulling the network cable. Who holds the stopwatch?');
  await terminal.shows('stopwatch');
  terminal.press('i');
  terminal.type('Held through four. Next: pull the network cable 🔌');
  await terminal.shows('cable 🔌');
}

async function help(terminal: Terminal, stage: Stage): Promise<void> {
  await arrived(terminal, stage);
  terminal.press('?');
  await terminal.shows('Esc closes');
}

/** The background of a match in the dark theme. */
const FOUND = 220;

async function link(terminal: Terminal, stage: Stage): Promise<void> {
  await arrived(terminal, stage);
  await stage
    .person('chen')
    .post(
      'Charts: https://charts.example/takeovers/2026-11/p95-by-day-and-fault?from=tuesday (it is the batching)',
    );
  await terminal.shows('it is the batching)');
  terminal.press('k');
  await terminal.shows('o link');
}

async function search(terminal: Terminal, stage: Stage): Promise<void> {
  await arrived(terminal, stage);
  terminal.type('/server\n');
  const found = (y: number): boolean => terminal.cells(y).some(({ background }) => background === FOUND);
  const rows = Array.from({ length: terminal.rows }, (_, y) => y);
  await terminal.eventually(() => rows.some(found), 'what was searched for is marked');
}

async function command(terminal: Terminal, stage: Stage): Promise<void> {
  await arrived(terminal, stage);
  terminal.type(':follow d');
  terminal.press('tab');
  await terminal.shows(':follow dee');
}

async function resumed(terminal: Terminal, stage: Stage): Promise<void> {
  await arrived(terminal, stage);
  terminal.press('i');
  terminal.type('Typing goes on while the server dies');
  await stage.killPrimary();
  await terminal.shows('resumed');
}

async function everythingDown(terminal: Terminal, stage: Stage): Promise<void> {
  await arrived(terminal, stage);
  terminal.press('i');
  terminal.type('What I write now is sent when somebody is there again.\n');
  await stage.cluster.router.kill();
  await Promise.all(stage.cluster.serverIds.map((id) => stage.cluster.server(id).kill()));
  await terminal.shows(/again in \d/);
}

function top(stage: Stage): readonly string[] {
  return ['top', '--routers', stage.cluster.routerAddress];
}

function demo(): readonly string[] {
  return ['demo'];
}

/** Waits until the heartbeat traces have some bars. */
const traced = async (terminal: Terminal): Promise<void> => await terminal.shows(/s1 .*[▁▂▃▄▅▆▇█]{5}/);

async function topOfTakeover(terminal: Terminal, stage: Stage): Promise<void> {
  await terminal.shows('3 of 3 healthy');
  await traced(terminal);
  await stage.killPrimary();
  await terminal.shows('1 run');
  await terminal.shows(/[▁▂▃▄▅▆▇█]··/);
}

async function routerAway(terminal: Terminal, stage: Stage): Promise<void> {
  await terminal.shows('3 of 3 healthy');
  await traced(terminal);
  await stage.cluster.router.kill();
  await terminal.shows(/no router answers for \d/);
  await terminal.shows('! no router answers');
}

/** Below the header and the head of the table. */
const FIRST_SERVER_ROW = 2;

/** Kills the primary a few times, and then freezes one. */
async function lesson(terminal: Terminal): Promise<void> {
  await terminal.shows('3 of 3 healthy');
  await traced(terminal);
  for (let number = 1; number <= 4; number += 1) {
    terminal.press('X');
    await terminal.shows(`#${number} `);
    await terminal.shows('3 of 3 healthy');
  }
  await terminal.shows(/PRIMARY ● up +[▁▂▃▄▅▆▇█·]+ /);
  const row = terminal
    .screen()
    .split('\n')
    .findIndex((text) => text.includes('PRIMARY'));
  terminal.press('g');
  for (let at = FIRST_SERVER_ROW; at < row; at += 1) terminal.press('j');
  terminal.press('z');
  await terminal.shows('#5 ');
  await terminal.shows(/frozen .*··/);
  await terminal.shows('q quit');
}
