/** Where the parts of the screen are, for drawing and for the mouse. */

export interface Size {
  /** Cells. */
  readonly width: number;
  readonly height: number;
}

export interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

export interface Geometry {
  readonly header: Area;
  /** Undefined if there is no room for it. */
  readonly sidebar: Area | undefined;
  readonly timeline: Area;
  readonly pane: Area | undefined;
  /** The line over the composer. */
  readonly rule: Area;
  readonly composer: Area;
  readonly footer: Area;
}

/** Below this the screen only says that it is too small. */
export const LEAST_SIZE: Size = { width: 40, height: 10 };
const SIDEBAR_WIDTH = 18;
const SIDEBAR_FROM_WIDTH = 60;
const PANE_WIDTH = 34;
const PANE_FROM_WIDTH = 110;
/** The composer grows with the text, up to this and to a quarter of the screen. */
const MOST_COMPOSER_ROWS = 8;

export const isTooSmall = ({ width, height }: Size): boolean =>
  width < LEAST_SIZE.width || height < LEAST_SIZE.height;

/** How many rows a composer may have. */
export const mostComposerRows = (height: number): number =>
  Math.max(1, Math.min(MOST_COMPOSER_ROWS, Math.floor(height / 4)));

/**
 * A column of the frame separates the timeline from the sidebar and the pane.
 * @param composerRows rows that the text needs
 * @param bare only the posts, so that a terminal can select whole lines
 */
export function geometryOf({ width, height }: Size, composerRows: number, bare = false): Geometry {
  const written = Math.max(1, Math.min(composerRows, mostComposerRows(height)));
  const rows = Math.max(1, height - 3 - written);
  const left = !bare && width >= SIDEBAR_FROM_WIDTH ? SIDEBAR_WIDTH : 0;
  const right = !bare && width >= PANE_FROM_WIDTH ? PANE_WIDTH : 0;
  const x = left === 0 ? 0 : left + 1;
  return {
    header: { x: 0, y: 0, width, height: 1 },
    sidebar: left === 0 ? undefined : { x: 0, y: 1, width: left, height: rows },
    timeline: { x, y: 1, width: width - x - (right === 0 ? 0 : right + 1), height: rows },
    pane: right === 0 ? undefined : { x: width - right, y: 1, width: right, height: rows },
    rule: { x: 0, y: 1 + rows, width, height: 1 },
    composer: { x: 0, y: 2 + rows, width, height: written },
    footer: { x: 0, y: height - 1, width, height: 1 },
  };
}
