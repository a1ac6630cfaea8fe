/**
 * A picture of a terminal, cell by cell. We place each character on the grid, and draw lines and blocks of
 * frames as shapes, so font widths shift nothing and lines meet.
 */
import { execFileSync } from 'node:child_process';
import { Resvg } from '@resvg/resvg-js';
import { shapeOf } from './box-shapes.js';
import type { ScreenCell, Terminal } from './terminal.js';

export type Background = 'dark' | 'light';

export interface Picture {
  readonly svg: string;
  readonly png: Uint8Array;
}

const CELL_WIDTH = 9;
const CELL_HEIGHT = 19;
const FONT_SIZE = 15;
/** Font size of a wide character: it fills more of its two cells than a letter of the same size would. */
const WIDE_FONT_SIZE = 17;
const BASELINE = 14.5;
const MARGIN = 14;
const CORNER = 8;
/** Pixels per unit: sharp on high-density displays too. */
const SCALE = 2;

interface Paint {
  readonly background: string;
  readonly foreground: string;
  readonly cursor: string;
  /** The first 16 colours, which each terminal chooses. */
  readonly base: readonly string[];
}

const PAINTS: Record<Background, Paint> = {
  dark: {
    background: '#16181d',
    foreground: '#d6d8dc',
    cursor: '#87d7ff',
    base: [
      ...['#16181d', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#c8ccd4'],
      ...['#5c6370', '#ff7b86', '#b5e890', '#ffd98f', '#7cc4ff', '#dd8ff5', '#6fd3de', '#ffffff'],
    ],
  },
  light: {
    background: '#fbfbfa',
    foreground: '#24292f',
    cursor: '#005f87',
    base: [
      ...['#24292f', '#b31d28', '#22863a', '#8a6100', '#005cc5', '#6f42c1', '#1b7c83', '#e1e4e8'],
      ...['#586069', '#cb2431', '#28a745', '#b08800', '#2188ff', '#8a63d2', '#3192aa', '#fafbfc'],
    ],
  },
};

/** Font families that together have all characters of a timeline, and their Debian packages. */
const FONTS = [
  { family: 'DejaVu Sans Mono', package: 'fonts-dejavu-core' },
  { family: 'DejaVu Sans', package: 'fonts-dejavu-core' },
  { family: 'WenQuanYi Micro Hei', package: 'fonts-wqy-microhei' },
  { family: 'Symbola', package: 'fonts-symbola' },
] as const;

export function pictureOf(terminal: Terminal, background: Background): Picture {
  const fontFiles = filesOfFonts();
  const svg = svgOf(terminal, PAINTS[background]);
  const drawn = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: SCALE },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: FONTS[0].family },
  });
  return { svg, png: drawn.render().asPng() };
}

/** @throws Error that names what to install */
export function filesOfFonts(): string[] {
  const files: string[] = [];
  const missing: string[] = [];
  for (const font of FONTS) {
    const found = listFont(font.family);
    if (found.length === 0) missing.push(font.package);
    files.push(...found);
  }
  if (missing.length > 0)
    throw new Error(
      `pictures need fonts that are not here: apt-get install fontconfig ${[...new Set(missing)].join(' ')} (or the like elsewhere)`,
    );
  return files;
}

function listFont(family: string): string[] {
  try {
    const listed = execFileSync('fc-list', [`:family=${family}`, '--format=%{file}\\n'], {
      encoding: 'utf8',
    });
    return [...new Set(listed.split('\n').filter((line) => line !== ''))];
  } catch {
    return [];
  }
}

function svgOf(terminal: Terminal, paint: Paint): string {
  const width = terminal.columns * CELL_WIDTH + 2 * MARGIN;
  const height = terminal.rows * CELL_HEIGHT + 2 * MARGIN;
  const rows = Array.from({ length: terminal.rows }, (_, y) => terminal.cells(y));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" rx="${CORNER}" fill="${paint.background}"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})" font-family="${FONTS.map(({ family }) => family).join(', ')}" font-size="${FONT_SIZE}">`,
    ...rows.flatMap((cells, y) => backgroundsOf(cells, y, paint)),
    ...rows.flatMap((cells, y) => charactersOf(cells, y, paint)),
    cursorOf(terminal, paint),
    '</g></svg>',
  ].join('\n');
}

/** Neighbours of one colour are one rectangle: two rectangles would have a visible seam. */
function backgroundsOf(cells: readonly ScreenCell[], y: number, paint: Paint): string[] {
  const rectangles: string[] = [];
  for (let x = 0; x < cells.length; ) {
    const colour = looksOf(cells[x], paint).background;
    let end = x + 1;
    while (end < cells.length && looksOf(cells[end], paint).background === colour) end += 1;
    if (colour !== paint.background)
      rectangles.push(
        `<rect x="${x * CELL_WIDTH}" y="${y * CELL_HEIGHT}" width="${(end - x) * CELL_WIDTH}" height="${CELL_HEIGHT}" fill="${colour}"/>`,
      );
    x = end;
  }
  return rectangles;
}

function charactersOf(cells: readonly ScreenCell[], y: number, paint: Paint): string[] {
  return cells.flatMap((cell, x) => {
    const { foreground } = looksOf(cell, paint);
    const left = x * CELL_WIDTH;
    const top = y * CELL_HEIGHT;
    const width = Math.max(1, cell.width) * CELL_WIDTH;
    const drawn: string[] = [];
    if (cell.underline)
      drawn.push(
        `<rect x="${left}" y="${top + BASELINE + 2}" width="${width}" height="1" fill="${foreground}"/>`,
      );
    if (cell.text.trim() === '') return drawn;
    const shape = shapeOf(cell.text, { left, top, width: CELL_WIDTH, height: CELL_HEIGHT }, foreground);
    if (shape !== undefined) return [...drawn, shape];
    const weight = cell.bold ? ' font-weight="bold"' : '';
    const size = cell.width === 2 ? ` font-size="${WIDE_FONT_SIZE}"` : '';
    return [
      ...drawn,
      `<text x="${left + width / 2}" y="${top + BASELINE}" text-anchor="middle" fill="${foreground}"${weight}${size}>${escaped(cell.text)}</text>`,
    ];
  });
}

/** A bar, so that the character under the cursor stays readable. */
function cursorOf(terminal: Terminal, paint: Paint): string {
  const { x, y, visible } = terminal.cursor;
  if (!visible) return '';
  return `<rect x="${x * CELL_WIDTH}" y="${y * CELL_HEIGHT + 1}" width="2" height="${CELL_HEIGHT - 2}" fill="${paint.cursor}"/>`;
}

function looksOf(cell: ScreenCell | undefined, paint: Paint): { foreground: string; background: string } {
  const foreground = cell?.foreground === undefined ? paint.foreground : colourOf(cell.foreground, paint);
  const background = cell?.background === undefined ? paint.background : colourOf(cell.background, paint);
  return cell?.inverse === true
    ? { foreground: background, background: foreground }
    : { foreground, background };
}

/** 16 to 231 are a cube with 6 levels, the rest are greys; they are the same on every terminal. */
function colourOf(index: number, paint: Paint): string {
  const base = paint.base[index];
  if (base !== undefined) return base;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey},${grey},${grey})`;
  }
  const level = (steps: number): number => (steps === 0 ? 0 : 55 + steps * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
