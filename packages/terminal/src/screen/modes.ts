/** Control sequences that ask a terminal to report or to do something. */

/** Presses, releases and drags, with coordinates of any size. */
const MOUSE = ['?1000', '?1002', '?1006'];
const FOCUS_REPORTS = '?1004';
/** Marks begin and end of a paste, so that nothing in it is taken for keys. */
const BRACKETED_PASTE = '?2004';
/** The terminal shows everything written in between at once; terminals that don't know it ignore it. */
const ONE_UPDATE = '?2026';

/** The terminal reports each change between dark and light colours. */
const THEME_REPORTS = '?2031';

const on = (...modes: readonly string[]): string => modes.map((mode) => `\x1b[${mode}h`).join('');
const off = (...modes: readonly string[]): string => modes.map((mode) => `\x1b[${mode}l`).join('');

export const mouseOn = on(...MOUSE);
export const mouseOff = off(...MOUSE);
export const reportsOn = on(BRACKETED_PASTE, FOCUS_REPORTS, THEME_REPORTS);
export const reportsOff = off(THEME_REPORTS, FOCUS_REPORTS, BRACKETED_PASTE);
export const updateBegins = on(ONE_UPDATE);
export const updateEnds = off(ONE_UPDATE);

/** Asks for the background colour; not every terminal answers. */
export const backgroundAsked = '\x1b]11;?\x1b\\';
/** Asks for a sign of life; it comes after everything that the terminal sent before. */
export const signAsked = '\x1b[5n';
export const SIGN = '\x1b[0n';

export const cursorShown = '\x1b[?25h';
export const cursorHidden = '\x1b[?25l';
export const cursorTo = (x: number, y: number): string => `\x1b[${y + 1};${x + 1}H`;
export const looksReset = '\x1b[m';
export const bell = '\x07';

/** Copies a text into the clipboard. */
export const copied = (text: string): string => `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;

/** Saves the present title, and restores it. */
export const titleSaved = '\x1b[22;2t';
export const titleRestored = '\x1b[23;2t';
export const titleOf = (title: string): string => `\x1b]2;${title.replace(/[\p{Cc}\p{Cf}]/gu, '')}\x1b\\`;
