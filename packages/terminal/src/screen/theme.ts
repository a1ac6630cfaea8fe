/**
 * The colours and attributes of roles.
 *
 * Colours come from the fixed part of the 256 (16 to 255): each terminal defines the first 16 differently.
 * The background stays the terminal's own. Blue means good, orange and yellow mean attention, red means a
 * problem. Colour is never the only sign: people who can't distinguish red and green can tell these apart,
 * and the views have a glyph or a word for each.
 */
import type { Theme } from '../state/state.js';
import type { Role, Span } from '../view/row.js';

/** An attribute as blessed packs it: flags, then 9 bits of foreground, then 9 of background. */
export type Attribute = number;

/** The terminal's own colour. */
export const OWN_COLOUR = 0x1ff;
const BOLD = 1;
const UNDERLINE = 2;
const INVERSE = 8;

export const attribute = (flags: number, foreground: number, background: number): Attribute =>
  (flags << 18) | (foreground << 9) | background;

export const foregroundOf = (of: Attribute): number => (of >> 9) & 0x1ff;
export const backgroundOf = (of: Attribute): number => of & 0x1ff;
export const flagsOf = (of: Attribute): number => of >> 18;

export const PLAIN_TEXT: Attribute = attribute(0, OWN_COLOUR, OWN_COLOUR);

export interface Looks {
  attributeOf(span: Span): Attribute;
}

interface Look {
  readonly flags?: number;
  readonly foreground?: number;
  readonly background?: number;
  /** Foreground on the selected background, if the usual one would be hard to read. */
  readonly selectedForeground?: number;
}

interface Palette {
  readonly roles: Record<Role, Look>;
  /** Undefined: the selection is inverted. */
  readonly selectedBackground: number | undefined;
}

const DARK: Palette = {
  selectedBackground: 237,
  roles: {
    text: { selectedForeground: 255 },
    dim: { foreground: 248, selectedForeground: 250 },
    frame: { foreground: 246, selectedForeground: 248 },
    title: { flags: BOLD, selectedForeground: 255 },
    author: { flags: BOLD, foreground: 117 },
    self: { flags: BOLD, foreground: 222 },
    mention: { flags: BOLD, foreground: 215 },
    found: { foreground: 16, background: 220, selectedForeground: 16 },
    unread: { flags: BOLD, foreground: 215 },
    good: { foreground: 75 },
    warning: { foreground: 221 },
    problem: { flags: BOLD, foreground: 210 },
    key: { flags: BOLD, foreground: 153 },
  },
};

const LIGHT: Palette = {
  selectedBackground: 254,
  roles: {
    text: { selectedForeground: 16 },
    dim: { foreground: 240, selectedForeground: 239 },
    frame: { foreground: 241, selectedForeground: 240 },
    title: { flags: BOLD, selectedForeground: 16 },
    author: { flags: BOLD, foreground: 24 },
    self: { flags: BOLD, foreground: 58 },
    mention: { flags: BOLD, foreground: 94, selectedForeground: 88 },
    found: { foreground: 16, background: 220, selectedForeground: 16 },
    unread: { flags: BOLD, foreground: 94, selectedForeground: 88 },
    good: { foreground: 25 },
    warning: { foreground: 94, selectedForeground: 58 },
    problem: { flags: BOLD, foreground: 124 },
    key: { flags: BOLD, foreground: 18 },
  },
};

const PLAIN: Palette = {
  selectedBackground: undefined,
  roles: {
    text: {},
    dim: {},
    frame: {},
    title: { flags: BOLD },
    author: { flags: BOLD },
    self: { flags: BOLD | UNDERLINE },
    mention: { flags: BOLD | UNDERLINE },
    found: { flags: INVERSE },
    unread: { flags: BOLD },
    good: {},
    warning: { flags: BOLD },
    problem: { flags: BOLD },
    key: { flags: BOLD },
  },
};

const PALETTES: Record<Theme, Palette> = { dark: DARK, light: LIGHT, plain: PLAIN };

function attributeIn(palette: Palette, span: Span): Attribute {
  const look = palette.roles[span.role];
  const flags =
    (look.flags ?? 0) | (span.bold === true ? BOLD : 0) | (span.underline === true ? UNDERLINE : 0);
  const foreground = look.foreground ?? OWN_COLOUR;
  const background = look.background ?? OWN_COLOUR;
  if (span.selected !== true) return attribute(flags, foreground, background);
  // Toggled and not set: a match stays visible inside the selection.
  if (palette.selectedBackground === undefined) return attribute(flags ^ INVERSE, foreground, background);
  return attribute(
    flags,
    look.selectedForeground ?? foreground,
    look.background ?? palette.selectedBackground,
  );
}

export function looksOf(theme: Theme): Looks {
  const palette = PALETTES[theme];
  return { attributeOf: (span) => attributeIn(palette, span) };
}

/** The last number of COLORFGBG is the background: 7 and 15 are white. */
const LIGHT_BACKGROUNDS = new Set(['7', '15']);

/**
 * The theme that the environment asks for. NO_COLOR counts when it is set and not empty (no-color.org).
 */
export function themeFrom(env: NodeJS.ProcessEnv): Theme {
  if ((env.NO_COLOR ?? '') !== '') return 'plain';
  const background = env.COLORFGBG?.split(';').at(-1);
  return background !== undefined && LIGHT_BACKGROUNDS.has(background) ? 'light' : 'dark';
}
