/**
 * Uses blessed for one thing: it holds two grids of cells, and writes the changes between them.
 *
 * It gets neither the terminal nor its keys: it writes to a string here and reads from an empty stream. Cells
 * are written into its grid directly, so no text is ever read as blessed's markup.
 */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Size } from '../state/geometry.js';
import type { Abilities } from './abilities.js';
import blessedScreen from './blessed-screen.cjs';
import type { Cell } from './cells.js';
import type { Attribute } from './theme.js';

/** A line of blessed's grid: pairs of attribute and text. blessed reads it only while it is `dirty`. */
interface GridLine extends Array<[Attribute, string]> {
  dirty: boolean;
}

/** The part of blessed's screen that we use; its published types lack the grids. */
interface BlessedScreen {
  /** What the terminal shall show. */
  readonly lines: readonly (GridLine | undefined)[];
  /** What the terminal shows now. */
  readonly olines: readonly (GridLine | undefined)[];
  readonly program: { flush(): void };
  draw(firstRow: number, lastRow: number): void;
  alloc(): void;
  enter(): void;
  leave(): void;
  destroy(): void;
}

type BlessedScreenClass = new (options: Readonly<Record<string, unknown>>) => BlessedScreen;

const TERMINFO = fileURLToPath(new URL('../../terminfo/', import.meta.url));

/**
 * A cursor move that another move follows, which makes it useless; two wide characters in a row cause this.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what it is about
const OVERTAKEN_MOVES = /\x1b\[\d+G(?=\x1b\[\d+(?:G|;\d+H))/g;

/** A text that is never in a cell: it makes blessed send the cell again. */
const UNKNOWN = '\0';

/** Takes the place of the terminal: keeps what blessed writes. */
class Captured extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  columns: number;
  rows: number;
  #text = '';

  constructor(size: Size) {
    super();
    this.columns = size.width;
    this.rows = size.height;
  }

  write(text: string): boolean {
    this.#text += text;
    return true;
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

export class CellEngine {
  readonly #captured: Captured;
  readonly #screen: BlessedScreen;

  constructor(size: Size, terminfo: Abilities['terminfo']) {
    this.#captured = new Captured(size);
    this.#screen = openBlessed(this.#captured, terminfo);
    this.#screen.leave();
    this.#take(); // blessed enters the alternate screen at once; here that waits for `enter`
  }

  /** Switches to the alternate screen, empty. */
  enter(): string {
    this.#screen.enter();
    return this.#take();
  }

  leave(): string {
    this.#screen.leave();
    return this.#take();
  }

  /** Clears the terminal, so that everything is sent again. */
  clear(): string {
    this.#screen.alloc();
    return this.#take();
  }

  resize(size: Size): string {
    this.#captured.columns = size.width;
    this.#captured.rows = size.height;
    this.#captured.emit('resize');
    return this.#take();
  }

  put(y: number, cells: readonly Cell[]): void {
    const line = this.#screen.lines[y];
    const shown = this.#screen.olines[y];
    if (line === undefined || shown === undefined) return;
    for (const [x, { attribute, text, spillsOver }] of cells.entries()) {
      const cell = line[x];
      if (cell === undefined) return;
      if (cell[0] === attribute && cell[1] === text) continue;
      cell[0] = attribute;
      cell[1] = text;
      line.dirty = true;
      const next = shown[x + 1];
      if (spillsOver && next !== undefined) next[1] = UNKNOWN;
    }
  }

  /** The output that makes the terminal show the new cells; empty when nothing has changed. */
  changes(): string {
    this.#screen.draw(0, this.#screen.lines.length - 1);
    return this.#take().replace(OVERTAKEN_MOVES, '');
  }

  close(): void {
    this.#screen.destroy();
    this.#take();
  }

  #take(): string {
    this.#screen.program.flush();
    return this.#captured.take();
  }
}

/**
 * Loads and opens blessed with a prepared environment. blessed reads the environment while it loads and
 * opens, calls tmux inside tmux, and installs handlers for the end of the process, which we handle ourselves.
 */
function openBlessed(output: Captured, terminfo: Abilities['terminfo']): BlessedScreen {
  const surroundings = { TERMINFO, NCURSES_NO_UTF8_ACS: '1', TMUX: undefined, NCURSES_FORCE_UNICODE: '1' };
  return withEnvironment(surroundings, () =>
    withoutProcessListeners(() => {
      const Screen = blessedScreen.load() as BlessedScreenClass;
      const input = new PassThrough();
      return new Screen({ input, output, terminal: terminfo, forceUnicode: true, smartCSR: false });
    }),
  );
}

function withEnvironment<T>(values: Readonly<Record<string, string | undefined>>, act: () => T): T {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(values)) set(name, value);
  try {
    return act();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

function withoutProcessListeners<T>(act: () => T): T {
  const events = ['uncaughtException', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'exit'];
  const before = new Map(events.map((event) => [event, process.rawListeners(event)]));
  try {
    return act();
  } finally {
    for (const [event, own] of before)
      for (const listener of process.rawListeners(event))
        if (!own.includes(listener)) process.removeListener(event, listener as () => void);
  }
}
