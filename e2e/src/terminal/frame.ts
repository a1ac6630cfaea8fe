/** Checks that the lines of a frame are whole, by the terminal's cells and not by characters. */
import type { ScreenCell, Terminal } from './terminal.js';

/** Characters of a vertical line. */
const UPRIGHT = new Set('│┃║├┤┼┬┴┌┐└┘╭╮╰╯');

export interface FrameRows {
  readonly first: number;
  readonly last: number;
}

/** The rows between the header and the rule over the composer. */
function bodyRows(terminal: Terminal): FrameRows {
  for (let y = 1; y < terminal.rows; y += 1)
    if (/^[─━]{3}/.test(terminal.row(y))) return { first: 1, last: y - 1 };
  return { first: 1, last: terminal.rows - 2 };
}

/**
 * The first place where the frame is broken; undefined if it is whole.
 *
 * @param columns of its vertical lines; absent: the columns where most rows have such a character, because
 * texts may have them too
 */
export function frameProblem(
  terminal: Terminal,
  rows: FrameRows = bodyRows(terminal),
  columns?: readonly number[],
): string | undefined {
  const body: ScreenCell[][] = [];
  for (let y = rows.first; y <= rows.last; y += 1) body.push(terminal.cells(y));
  const upright = (y: number, x: number): boolean => UPRIGHT.has(body[y]?.[x]?.text ?? '');
  const expected = columns ?? columnsOfFrame(body, upright, terminal.columns);
  if (expected.length === 0) return `no line runs down between rows ${rows.first} and ${rows.last}`;
  for (const y of body.keys())
    for (const x of expected)
      if (!upright(y, x))
        return `row ${rows.first + y} has "${body[y]?.[x]?.text}" in column ${x}, not a line`;
  return undefined;
}

function columnsOfFrame(
  body: readonly ScreenCell[][],
  upright: (y: number, x: number) => boolean,
  width: number,
): number[] {
  return Array.from({ length: width }, (_, x) => x).filter(
    (x) => body.filter((_, y) => upright(y, x)).length * 2 > body.length,
  );
}
