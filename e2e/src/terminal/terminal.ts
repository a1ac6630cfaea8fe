/**
 * A terminal with a program in it: tests type, click and resize as a person does, and see what that person
 * sees.
 */
import { createRequire } from 'node:module';
import * as pty from '@lydell/node-pty';
import type { Unicode11Addon as Unicode11AddonType } from '@xterm/addon-unicode11';
import type { Terminal as Emulator, IBufferCell } from '@xterm/headless';
import { OWN_STATE } from '../dualping-process.js';
import { DEADLINE_MS, eventually } from '../eventually.js';
import { bytesOfKey } from './keys.js';

// Both are CommonJS modules whose exports Node can't detect.
const require = createRequire(import.meta.url);
const { Terminal: EmulatorClass } = require('@xterm/headless') as typeof import('@xterm/headless');
const { Unicode11Addon } = require('@xterm/addon-unicode11') as {
  Unicode11Addon: new () => Unicode11AddonType;
};

export interface TerminalOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to our own environment; undefined removes a variable. TERM is xterm-256color unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly columns?: number;
  readonly rows?: number;
  readonly cwd?: string;
  /**
   * Its answer when it is asked for its background colour: `rgb:ffff/ffff/ffff`. Undefined: no answer.
   */
  readonly backgroundColour?: string;
  /** The Unicode version of its widths: with 6 an emoji is one cell wide. */
  readonly unicode?: '6' | '11';
}

export interface ScreenCell {
  /** Empty for the right half of a wide character. */
  readonly text: string;
  readonly width: number;
  /** Number in the palette; undefined: the terminal's own. */
  readonly foreground: number | undefined;
  readonly background: number | undefined;
  readonly bold: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
}

export interface TerminalExit {
  readonly code: number;
  /** Number of the signal that killed it; 0: none did. */
  readonly signal: number;
}

/** Most characters of output that are kept, for tests that look for sequences. */
const MAX_TRANSCRIPT = 4_000_000;
/** Variables that would describe our own terminal to the program. */
const NOT_INHERITED = ['TMUX', 'NO_COLOR', 'COLORFGBG', 'COLORTERM', 'TERM_PROGRAM', 'FORCE_COLOR'];

export class Terminal {
  readonly exit: Promise<TerminalExit>;
  readonly #pty: pty.IPty;
  readonly #emulator: Emulator;
  #transcript = '';
  #cursorVisible = true;
  #bells = 0;
  #title = '';
  #exited: TerminalExit | undefined;
  #received = 0;
  #shown = 0;

  private constructor(options: TerminalOptions) {
    const cols = options.columns ?? 80;
    const rows = options.rows ?? 24;
    this.#emulator = new EmulatorClass({ cols, rows, allowProposedApi: true, scrollback: 1_000 });
    this.#emulator.loadAddon(new Unicode11Addon());
    this.#emulator.unicode.activeVersion = options.unicode ?? '11';
    this.#watchEmulator();
    this.#emulator.parser.registerOscHandler(11, (asked) => {
      if (asked === '?' && options.backgroundColour !== undefined)
        this.#send(`\x1b]11;${options.backgroundColour}\x1b\\`);
      return true;
    });

    const env: Record<string, string | undefined> = { ...process.env };
    for (const name of NOT_INHERITED) delete env[name];
    Object.assign(env, OWN_STATE, { TERM: 'xterm-256color', LANG: 'C.UTF-8' }, options.env);
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
    this.#pty = pty.spawn(options.command, [...options.args], {
      // node-pty sets TERM to this name, so it must be the same.
      name: env.TERM ?? '',
      cols,
      rows,
      env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#pty.onData((data) => this.#take(data));
    this.#emulator.onData((answer) => this.#send(answer));
    this.exit = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        this.#exited = { code: exitCode, signal: signal ?? 0 };
        resolve(this.#exited);
      });
    });
  }

  static start(options: TerminalOptions): Terminal {
    return new Terminal(options);
  }

  get pid(): number {
    return this.#pty.pid;
  }
  get columns(): number {
    return this.#emulator.cols;
  }
  get rows(): number {
    return this.#emulator.rows;
  }
  /** How it ended; undefined while it runs. */
  get exited(): TerminalExit | undefined {
    return this.#exited;
  }

  /** Types keys; a newline is Enter. */
  type(text: string): void {
    this.#send(text.replaceAll('\n', '\r'));
  }

  /** Sends bytes as the terminal itself would, such as reports. */
  report(bytes: string): void {
    this.#send(bytes);
  }

  /** Presses a key by its name in the client's keymap: `enter`, `ctrl-x`, `alt-enter`, `page-up`, `G`. */
  press(key: string): void {
    this.#send(bytesOfKey(key, this.#emulator.modes.applicationCursorKeysMode));
  }

  paste(text: string): void {
    const lines = text.replaceAll('\n', '\r');
    this.#send(this.#emulator.modes.bracketedPasteMode ? `\x1b[200~${lines}\x1b[201~` : lines);
  }

  click(x: number, y: number, button: 'left' | 'middle' | 'right' = 'left'): void {
    const code = { left: 0, middle: 1, right: 2 }[button];
    this.#mouse(code, x, y, 'M');
    this.#mouse(code, x, y, 'm');
  }

  drag(fromX: number, fromY: number, toX: number, toY: number): void {
    this.#mouse(0, fromX, fromY, 'M');
    this.#mouse(32, toX, toY, 'M');
    this.#mouse(0, toX, toY, 'm');
  }

  wheel(direction: 'up' | 'down', x: number, y: number, times = 1): void {
    for (let i = 0; i < times; i += 1) this.#mouse(direction === 'up' ? 64 : 65, x, y, 'M');
  }

  /** The window gets or loses the focus. */
  focus(focused: boolean): void {
    if (this.#emulator.modes.sendFocusMode) this.#send(focused ? '\x1b[I' : '\x1b[O');
  }

  resize(columns: number, rows: number): void {
    this.#emulator.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** All rows, without blanks at their ends. */
  screen(): string {
    return Array.from({ length: this.rows }, (_, y) => this.row(y)).join('\n');
  }

  row(y: number): string {
    const { active } = this.#emulator.buffer;
    return (
      active
        .getLine(active.viewportY + y)
        ?.translateToString(true)
        .trimEnd() ?? ''
    );
  }

  cell(x: number, y: number): ScreenCell {
    const { active } = this.#emulator.buffer;
    const cell = active.getLine(active.viewportY + y)?.getCell(x);
    if (cell === undefined) throw new Error(`no cell at ${x}, ${y} of ${this.columns}x${this.rows}`);
    return describeCell(cell);
  }

  /** The cells of a row. */
  cells(y: number): ScreenCell[] {
    return Array.from({ length: this.columns }, (_, x) => this.cell(x, y));
  }

  get cursor(): { readonly x: number; readonly y: number; readonly visible: boolean } {
    const { cursorX, cursorY } = this.#emulator.buffer.active;
    return { x: cursorX, y: cursorY, visible: this.#cursorVisible };
  }
  /** Whether the program has the alternate screen. */
  get alternate(): boolean {
    return this.#emulator.buffer.active.type === 'alternate';
  }
  get mouseMode(): 'none' | 'x10' | 'vt200' | 'drag' | 'any' {
    return this.#emulator.modes.mouseTrackingMode;
  }
  get bracketedPaste(): boolean {
    return this.#emulator.modes.bracketedPasteMode;
  }
  get reportsFocus(): boolean {
    return this.#emulator.modes.sendFocusMode;
  }
  get bells(): number {
    return this.#bells;
  }
  get title(): string {
    return this.#title;
  }
  /** All output, newest last, up to a limit. */
  get transcript(): string {
    return this.#transcript;
  }
  /** Characters written so far. */
  get received(): number {
    return this.#received;
  }

  /**
   * Whether all modes are as a program finds them. (Bracketed paste is not checked: shells switch it on
   * themselves.)
   */
  get restored(): boolean {
    return !this.alternate && this.mouseMode === 'none' && !this.reportsFocus && this.#cursorVisible;
  }

  /** Waits until the screen is as wanted; fails with a message that has the screen. */
  async eventually(
    look: (terminal: Terminal) => boolean,
    what: string,
    deadlineMs = DEADLINE_MS,
  ): Promise<void> {
    await eventually(
      what,
      () => this.#received === this.#shown && look(this),
      deadlineMs,
      () => this.describe(),
    );
  }

  /** Waits until a text is anywhere on the screen. */
  async shows(what: string | RegExp, deadlineMs = DEADLINE_MS): Promise<void> {
    const seen = (): boolean =>
      typeof what === 'string' ? this.screen().includes(what) : what.test(this.screen());
    await this.eventually(seen, `the screen shows ${what}`, deadlineMs);
  }

  async hides(what: string | RegExp, deadlineMs = DEADLINE_MS): Promise<void> {
    const gone = (): boolean =>
      typeof what === 'string' ? !this.screen().includes(what) : !what.test(this.screen());
    await this.eventually(gone, `the screen no longer shows ${what}`, deadlineMs);
  }

  /** The screen, for the message of a failing test. */
  describe(): string {
    const edge = '+'.padEnd(this.columns + 1, '-');
    const ended = this.#exited === undefined ? 'running' : `ended ${JSON.stringify(this.#exited)}`;
    const modes = `${this.alternate ? 'alternate' : 'normal'} screen, mouse ${this.mouseMode}`;
    const cursor = `cursor ${this.cursor.x},${this.cursor.y}${this.cursor.visible ? '' : ' hidden'}`;
    const rows = this.screen().split('\n');
    return [edge, ...rows.map((row) => `|${row}`), edge, `${ended}, ${modes}, ${cursor}`].join('\n');
  }

  /** Stops reading the program's output, as a suspended ssh or a paused window does. */
  stopReading(): void {
    this.#pty.pause();
  }
  goOnReading(): void {
    this.#pty.resume();
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Closes the window: the program loses its terminal. */
  hangUp(): void {
    // Destroying the pty's own end is what a closed window does; `kill` would be a signal only.
    (this.#pty as pty.IPty & { destroy(): void }).destroy();
  }

  /** Ends the program if it still runs. */
  async close(): Promise<void> {
    if (this.#exited === undefined) {
      try {
        process.kill(this.pid, 'SIGKILL');
      } catch {
        // it ended meanwhile
      }
      await this.exit;
    }
    this.#emulator.dispose();
  }

  #take(data: string): void {
    this.#received += data.length;
    this.#transcript = (this.#transcript + data).slice(-MAX_TRANSCRIPT);
    this.#emulator.write(data, () => {
      this.#shown += data.length;
    });
  }

  #send(data: string): void {
    if (this.#exited === undefined) this.#pty.write(data);
  }

  #mouse(code: number, x: number, y: number, end: 'M' | 'm'): void {
    if (this.mouseMode === 'none') throw new Error('the program has not asked for the mouse');
    this.#send(`\x1b[<${code};${x + 1};${y + 1}${end}`);
  }

  #watchEmulator(): void {
    const { parser } = this.#emulator;
    for (const [final, visible] of [
      ['h', true],
      ['l', false],
    ] as const)
      parser.registerCsiHandler({ prefix: '?', final }, (params) => {
        if (params.includes(25)) this.#cursorVisible = visible;
        return false; // the emulator handles it as usual
      });
    this.#emulator.onBell(() => {
      this.#bells += 1;
    });
    this.#emulator.onTitleChange((title) => {
      this.#title = title;
    });
  }
}

function describeCell(cell: IBufferCell): ScreenCell {
  return {
    text: cell.getChars(),
    width: cell.getWidth(),
    foreground: cell.isFgDefault() ? undefined : cell.getFgColor(),
    background: cell.isBgDefault() ? undefined : cell.getBgColor(),
    bold: cell.isBold() !== 0,
    underline: cell.isUnderline() !== 0,
    inverse: cell.isInverse() !== 0,
  };
}
