/** What a terminal can be asked to report or to do, and the words for it. */

/** Presses, releases and drags, with coordinates of any size. */
const MOUSE = ['?1000', '?1002', '?1006'];
const FOCUS_REPORTS = '?1004';
/** What is pasted comes in brackets, so that nothing in it is taken for keys. */
const BRACKETED_PASTE = '?2004';
/** What is written in between is shown at once; terminals that don't know it ignore it. */
const ONE_UPDATE = '?2026';

/** Tells whenever the terminal goes from dark to light colours, or back. */
const THEME_REPORTS = '?2031';

const on = (...modes: readonly string[]): string => modes.map((mode) => `\x1b[${mode}h`).join('');
const off = (...modes: readonly string[]): string => modes.map((mode) => `\x1b[${mode}l`).join('');

export const mouseOn = on(...MOUSE);
export const mouseOff = off(...MOUSE);
export const reportsOn = on(BRACKETED_PASTE, FOCUS_REPORTS, THEME_REPORTS);
export const reportsOff = off(THEME_REPORTS, FOCUS_REPORTS, BRACKETED_PASTE);
export const updateBegins = on(ONE_UPDATE);
export const updateEnds = off(ONE_UPDATE);

/** Asks for the colour of the background; those that know it answer. */
export const backgroundAsked = '\x1b]11;?\x1b\\';
/** Asks for a sign of life, which comes after everything that the terminal had to say before. */
export const signAsked = '\x1b[5n';
export const SIGN = '\x1b[0n';

export const cursorShown = '\x1b[?25h';
export const cursorHidden = '\x1b[?25l';
export const cursorTo = (x: number, y: number): string => `\x1b[${y + 1};${x + 1}H`;
export const looksReset = '\x1b[m';
export const bell = '\x07';

/** Into the clipboard. */
export const copied = (text: string): string => `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;

/** The title before ours is put aside, and brought back. */
export const titleSaved = '\x1b[22;2t';
export const titleRestored = '\x1b[23;2t';
export const titleOf = (title: string): string => `\x1b]2;${title.replace(/[\p{Cc}\p{Cf}]/gu, '')}\x1b\\`;
