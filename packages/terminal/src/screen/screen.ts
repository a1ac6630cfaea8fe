/**
 * The terminal as the client sees it: frames go in, tokens and sizes come out, and the terminal can always be
 * restored.
 *
 * A frame becomes cells, blessed finds the changes, and they go out in one write together with the cursor.
 * While the terminal has not accepted the last write there is no other write: of the frames that come
 * meanwhile only the newest is drawn.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import {
  defer,
  distinctUntilChanged,
  filter,
  type Observable,
  ReplaySubject,
  Subject,
  takeUntil,
  tap,
} from 'rxjs';
import type { Token } from '../input/token.js';
import type { Size } from '../state/geometry.js';
import type { Theme } from '../state/state.js';
import type { Frame, Row } from '../view/row.js';
import { type Abilities, abilitiesOf, NoScreen } from './abilities.js';
import { charactersFrom } from './ascii.js';
import { CellEngine } from './cell-engine.js';
import { type Painting, paintRow } from './cells.js';
import { tokensOf } from './keyboard.js';
import * as modes from './modes.js';
import { readAway } from './read-away.js';
import { type Looks, looksOf } from './theme.js';

export interface ScreenOptions {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly env: NodeJS.ProcessEnv;
  readonly theme: Theme;
  /** Whether the terminal reports the mouse; then it can't select text with it. */
  readonly mouse: boolean;
}

export interface Screen {
  readonly size: Size;
  /** Each new size; the frame that was drawn no longer fits. */
  readonly sizes$: Observable<Size>;
  /** The person's input, read from the first subscription on; for one subscriber. */
  readonly tokens$: Observable<Token>;
  /**
   * Emits once, also for late subscribers, when the terminal is gone: nothing can be drawn or read any more.
   */
  readonly gone$: Observable<void>;
  draw(frame: Frame): void;
  setTheme(theme: Theme): void;
  setMouse(on: boolean): void;
  setTitle(title: string): void;
  /** Clears the terminal and draws everything again, in case another program has written on it. */
  redraw(): void;
  ring(): void;
  /** Puts a text into the clipboard, if the terminal allows it. */
  copy(text: string): void;
  /**
   * Restores the terminal for a while: normal screen, line mode, signals from its keys, no reports. Resolves
   * when outstanding reports have been read: the shell would take them for typed text.
   */
  suspend(): Promise<void>;
  /**
   * Takes the terminal again, whatever state it is in, and draws the last frame. Also allowed without
   * `suspend` before.
   */
  resume(): void;
  /** Restores the terminal permanently, and resolves as `suspend` does. Idempotent. */
  close(): Promise<void>;
}

/** @throws NoScreen if the terminal can't show a full screen */
export function openScreen(options: ScreenOptions): Screen {
  if (options.input.isTTY !== true) throw new NoScreen('input-is-no-terminal');
  if (options.output.isTTY !== true) throw new NoScreen('output-is-no-terminal');
  const abilities = abilitiesOf(options.env.TERM);
  if (abilities === undefined) throw new NoScreen('terminal-is-dumb', options.env.TERM ?? '');
  const screen = new TerminalScreen(options, abilities);
  screen.resume();
  return screen;
}

const LEAST = 1;
/**
 * Longest wait for the terminal's sign of life, ms: a distant one needs its round trip, but a person who
 * quits waits for the shell.
 */
const SIGN_WITHIN_MS = 300;
/** How long to wait for outstanding reports of a terminal that gives no signs, ms. */
const WITHOUT_SIGN_MS = 50;

/** Whether we have the terminal. */
type Holding = 'active' | 'suspended' | 'closed' | 'gone';

class TerminalScreen implements Screen {
  readonly sizes$: Observable<Size>;
  readonly tokens$: Observable<Token>;
  readonly gone$: Observable<void>;
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #abilities: Abilities;
  readonly #painting: Painting;
  readonly #engine: CellEngine;
  readonly #sizes = new Subject<Size>();
  readonly #gone = new ReplaySubject<void>(1);
  readonly #closing = new Subject<void>();
  #theme: Theme;
  #looks: Looks;
  #size: Size;
  #mouse: boolean;
  #titled = false;
  /** Tokens have a subscriber. */
  #reading = false;
  #state: Holding = 'suspended';
  /** The terminal has not yet accepted the last write. */
  #blocked = false;
  /**
   * Requested signs that have not arrived, and when the last one was requested. Some terminals never give
   * any.
   */
  #signsDue = 0;
  #askedMs = 0;
  #frame: Frame | undefined;
  /** Rows as they were last put into cells; a row that is the same object has not changed. */
  #put: readonly Row[] = [];
  /** The engine still has the old size. */
  #resized = false;
  #cursor: Frame['cursor'];

  constructor(options: ScreenOptions, abilities: Abilities) {
    this.#input = options.input;
    this.#output = options.output;
    this.#abilities = abilities;
    this.#painting = { characters: charactersFrom(options.env), links: abilities.modes };
    this.#mouse = options.mouse;
    this.#theme = options.theme;
    this.#looks = this.#looksOf(options.theme);
    this.#size = sizeOf(options.output);
    this.#engine = new CellEngine(this.#size, abilities.terminfo);
    this.gone$ = this.#gone.asObservable();
    this.sizes$ = this.#sizes.pipe(
      distinctUntilChanged((a, b) => a.width === b.width && a.height === b.height),
    );
    this.tokens$ = defer(() => {
      this.#reading = true;
      return tokensOf(this.#input);
    }).pipe(
      tap(({ kind }) => {
        if (kind === 'sign') this.#signsDue -= 1;
      }),
      // After the terminal is restored, typed text is for another program.
      filter(({ kind }) => kind !== 'sign' && this.#is('active')),
      takeUntil(this.#closing),
    );
    this.#output.on('resize', this.#onResize);
    this.#output.on('drain', this.#onDrain);
    // These two stay when the screen is closed: any later write may show that the terminal is gone.
    this.#output.on('error', this.#onGone);
    this.#input.on('error', this.#onGone);
    this.#input.on('end', this.#onGone);
  }

  get size(): Size {
    return this.#size;
  }

  draw(frame: Frame): void {
    this.#frame = frame;
    this.#flush('');
  }

  setTheme(theme: Theme): void {
    if (theme === this.#theme) return;
    this.#theme = theme;
    this.#looks = this.#looksOf(theme);
    this.#put = [];
    this.#flush('');
  }

  setMouse(on: boolean): void {
    if (on === this.#mouse) return;
    this.#mouse = on;
    if (this.#state === 'active' && this.#abilities.modes) this.#write(on ? modes.mouseOn : modes.mouseOff);
  }

  setTitle(title: string): void {
    if (this.#state !== 'active' || !this.#abilities.modes) return;
    this.#write((this.#titled ? '' : modes.titleSaved) + modes.titleOf(title));
    this.#titled = true;
  }

  redraw(): void {
    if (this.#state !== 'active') return;
    this.#put = [];
    this.#cursor = undefined;
    this.#flush(modes.cursorHidden + this.#engine.clear());
  }

  ring(): void {
    if (this.#state === 'active' && !this.#blocked) this.#write(modes.bell);
  }

  copy(text: string): void {
    if (this.#state === 'active' && this.#abilities.modes) this.#write(modes.copied(text));
  }

  async suspend(): Promise<void> {
    if (this.#state !== 'active') return;
    this.#leave();
    this.#state = 'suspended';
    await this.#silence();
    if (!this.#is('suspended')) return;
    this.#setRaw(false);
    this.#input.pause(); // another program reads the terminal now
  }

  resume(): void {
    if (this.#state === 'closed' || this.#state === 'gone') return;
    // Off and on: another program may have changed the terminal's modes, and Node only knows its own.
    this.#setRaw(false);
    this.#setRaw(true);
    if (this.#reading) this.#input.resume();
    const entering = this.#state === 'suspended' ? this.#engine.enter() : '';
    this.#state = 'active';
    const asked = this.#abilities.modes
      ? modes.reportsOn +
        (this.#mouse ? modes.mouseOn : modes.mouseOff) +
        modes.backgroundAsked +
        this.#askSign()
      : '';
    this.#write(entering + asked);
    this.redraw();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const before = this.#state;
    if (before === 'active') this.#leave();
    if (this.#titled && before !== 'gone') this.#write(modes.titleRestored);
    this.#state = 'closed';
    this.#engine.close();
    this.#output.off('resize', this.#onResize);
    this.#output.off('drain', this.#onDrain);
    this.#closing.next();
    this.#sizes.complete();
    if (before === 'active') {
      await this.#silence();
      this.#setRaw(false);
    }
    this.#input.pause();
    this.#input.unref();
  }

  /** Reads and drops the reports that the terminal sent before it was told to stop. */
  async #silence(): Promise<void> {
    if (!this.#abilities.modes || (!this.#mouse && this.#signsDue === 0)) return;
    const answers = this.#signsDue === 0 || performance.now() - this.#askedMs < SIGN_WITHIN_MS;
    if (answers) this.#write(this.#askSign());
    const withinMs = answers ? SIGN_WITHIN_MS : WITHOUT_SIGN_MS;
    await readAway(this.#input, { sign: modes.SIGN, count: answers ? this.#signsDue : Infinity, withinMs });
    this.#signsDue = 0;
  }

  #askSign(): string {
    this.#signsDue += 1;
    this.#askedMs = performance.now();
    return modes.signAsked;
  }

  /** Whether the state is this one, also after a wait. */
  #is(state: Holding): boolean {
    return this.#state === state;
  }

  /**
   * Draws everything in one write, after `before`. While the terminal is busy, only `before` is written.
   */
  #flush(before: string): void {
    if (this.#state !== 'active') return;
    if (this.#blocked || this.#frame === undefined) {
      if (before !== '') this.#write(before);
      return;
    }
    const cleared = this.#resized ? this.#engine.resize(this.#size) : '';
    if (this.#resized) this.#put = [];
    this.#resized = false;
    const changes = cleared + this.#putRows(this.#frame.rows);
    const text = before + this.#withCursor(changes, before !== '');
    if (text === '') return;
    this.#write(this.#abilities.modes ? modes.updateBegins + text + modes.updateEnds : text);
  }

  #putRows(rows: readonly Row[]): string {
    for (let y = 0; y < this.#size.height; y += 1) {
      const row = rows[y] ?? [];
      if (row !== this.#put[y])
        this.#engine.put(y, paintRow(row, this.#size.width, this.#looks, this.#painting));
    }
    this.#put = rows;
    return this.#engine.changes();
  }

  /** Hides the cursor while cells are drawn, and then puts it where the frame wants it. */
  #withCursor(changes: string, moved: boolean): string {
    const wanted = this.#frame?.cursor;
    const now = this.#cursor;
    if (changes === '' && !moved && wanted?.x === now?.x && wanted?.y === now?.y) return '';
    this.#cursor = wanted;
    const hide = now === undefined ? '' : modes.cursorHidden;
    const show =
      wanted === undefined ? '' : modes.cursorTo(...within(wanted, this.#size)) + modes.cursorShown;
    return hide + changes + show;
  }

  #leave(): void {
    const asked = this.#abilities.modes ? modes.mouseOff + modes.reportsOff : '';
    this.#write(asked + modes.looksReset + this.#engine.leave() + modes.cursorShown);
    this.#cursor = undefined;
  }

  #setRaw(raw: boolean): void {
    try {
      this.#input.setRawMode(raw);
    } catch {
      this.#onGone(); // it fails only when the terminal is gone
    }
  }

  #write(text: string): void {
    if (this.#state === 'gone' || text === '') return;
    this.#blocked = !this.#output.write(text);
  }

  /** With fewer than 256 colours the palettes can't be used: they use the upper 240. */
  #looksOf(theme: Theme): Looks {
    return looksOf(this.#abilities.colours ? theme : 'plain');
  }

  readonly #onResize = (): void => {
    this.#size = sizeOf(this.#output);
    this.#resized = true;
    this.#sizes.next(this.#size);
  };

  readonly #onDrain = (): void => {
    this.#blocked = false;
    this.#flush('');
  };

  readonly #onGone = (): void => {
    if (this.#state === 'gone' || this.#state === 'closed') return;
    this.#state = 'gone';
    this.#gone.next();
    this.#gone.complete();
  };
}

/** Some terminals report 0 x 0 at first. */
const sizeOf = ({ columns, rows }: WriteStream): Size => ({
  width: Math.max(LEAST, columns || 80),
  height: Math.max(LEAST, rows || 24),
});

const within = ({ x, y }: { readonly x: number; readonly y: number }, size: Size): [number, number] => [
  Math.max(0, Math.min(x, size.width - 1)),
  Math.max(0, Math.min(y, size.height - 1)),
];
