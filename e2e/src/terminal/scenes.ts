/** The states of the client that pictures show, and how a person gets there. */
import type { Background } from './picture.js';
import { type ClientOptions, LATEST, Stage, withTalk } from './stage.js';
import type { Terminal } from './terminal.js';

export interface Scene extends ClientOptions {
  /** Of the file. */
  readonly name: string;
  readonly background: Background;
  /** Brings the client to what shall be seen; ends when the screen shows it. */
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
  { name: 'command', ...DARK, ...SMALL, drive: command },
  { name: 'resumed', ...DARK, ...SMALL, drive: resumed },
  { name: 'everything-down', ...DARK, ...SMALL, drive: everythingDown },
];

/** Acts a scene on a stage of its own, shows it to `look`, and takes everything down. */
export async function withScene(
  scene: Scene,
  look: (terminal: Terminal, stage: Stage) => void | Promise<void>,
): Promise<void> {
  const stage = await Stage.open();
  try {
    await withTalk(stage);
    const terminal = stage.client(scene);
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

/** The dark theme's background of what was found. */
const FOUND = 220;

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
