/**
 * The terminal as the client sees it: frames go in, tokens and sizes come out, and whatever happens the
 * terminal can be given back as it was.
 *
 * A frame becomes cells, blessed finds what has changed, and that goes out in one write together with the
 * cursor. While the terminal has not taken the last write no other is made: of the frames that come meanwhile
 * only the newest is drawn.
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
  /** Whether the mouse is reported; then the terminal cannot select text with it. */
  readonly mouse: boolean;
}

export interface Screen {
  readonly size: Size;
  /** Each new size; the frame that was drawn no longer fits. */
  readonly sizes$: Observable<Size>;
  /** What the person does, read from the first subscription on; for one subscriber. */
  readonly tokens$: Observable<Token>;
  /**
   * Emits once, and to those who come late, when the terminal is gone: nothing can be drawn or read any more.
   */
  readonly gone$: Observable<void>;
  draw(frame: Frame): void;
  setTheme(theme: Theme): void;
  setMouse(on: boolean): void;
  setTitle(title: string): void;
  /** Clears the terminal and draws everything anew: something else may have written on it. */
  redraw(): void;
  ring(): void;
  /** Puts a text into the clipboard, where the terminal lets programs do that. */
  copy(text: string): void;
  /**
   * Gives the terminal back for a while: normal screen, lines and signals from its keys, no reports. Resolves
   * when the reports that were on their way have been read: the shell would take them for typed.
   */
  suspend(): Promise<void>;
  /**
   * Takes the terminal again, whatever was done to it, and draws the last frame. Also right without `suspend`
   * before.
   */
  resume(): void;
  /** Gives the terminal back for good, and resolves as `suspend` does; more than once is harmless. */
  close(): Promise<void>;
}

/** @throws NoScreen where nothing can be drawn */
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
 * Longest wait for the terminal's sign, ms: a far one needs its round trip, and a person who quits waits for
 * the shell.
 */
const SIGN_WITHIN_MS = 300;
/** What is on its way from a terminal that gives no signs has come by then, ms. */
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
  /** Somebody wants the tokens. */
  #reading = false;
  #state: Holding = 'suspended';
  /** The terminal has not yet taken what was last written. */
  #blocked = false;
  /** Signs that it was asked for and has not given, and when it was asked last. Some never give any. */
  #signsDue = 0;
  #askedMs = 0;
  #frame: Frame | undefined;
  /** Rows as they were last put into cells; a row that is still the same object is the same on the screen. */
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
      // What is typed once the terminal is given back is for somebody else.
      filter(({ kind }) => kind !== 'sign' && this.#is('active')),
      takeUntil(this.#closing),
    );
    this.#output.on('resize', this.#onResize);
    this.#output.on('drain', this.#onDrain);
    // These two stay when the screen is closed: a terminal that is gone may say so at any later write.
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
    this.#input.pause(); // whoever has the terminal now reads it
  }

  resume(): void {
    if (this.#state === 'closed' || this.#state === 'gone') return;
    // Off and on: what had the terminal meanwhile may have changed its modes, and Node only sees its own.
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

  /** Reads, and drops, what the terminal had reported before it heard that it should not. */
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

  /** For what may have changed meanwhile. */
  #is(state: Holding): boolean {
    return this.#state === state;
  }

  /**
   * Draws what there is to draw in one write, after `before`; holds it while the terminal is busy, but for
   * `before`.
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

  /** The cursor is hidden while cells are drawn, and stands where the frame wants it afterwards. */
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
      this.#onGone(); // the only way in which it fails
    }
  }

  #write(text: string): void {
    if (this.#state === 'gone' || text === '') return;
    this.#blocked = !this.#output.write(text);
  }

  /** Fewer than 256 colours, and the palettes don't hold: they are made of the upper 240. */
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

/** Some terminals say 0 x 0 until they know better. */
const sizeOf = ({ columns, rows }: WriteStream): Size => ({
  width: Math.max(LEAST, columns || 80),
  height: Math.max(LEAST, rows || 24),
});

const within = ({ x, y }: { readonly x: number; readonly y: number }, size: Size): [number, number] => [
  Math.max(0, Math.min(x, size.width - 1)),
  Math.max(0, Math.min(y, size.height - 1)),
];
