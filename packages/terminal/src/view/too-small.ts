/**
 * The screen of a window that is too small: the size that is needed, and the one key that works.
 */
import type { Size } from '../state/geometry.js';
import type { Frame, Row } from './row.js';
import { cutRow, firstThatFits, lineOf, say } from './spans.js';

const QUITS: Row = [say('key', 'q'), say('dim', ' quits')];

/**
 * @param who the program that needs the room
 * @param notice a short notice: why it has not quit yet
 */
export function tooSmallFrame(
  { width, height }: Size,
  who: string,
  least: Size,
  notice: string | undefined,
): Frame {
  const cells = `${least.width}x${least.height}`;
  const told = [
    `${who} needs ${cells} cells: make the window larger`,
    `${who} needs ${cells} cells`,
    `needs ${cells}`,
  ].map((text) => [say('text', text)]);
  const below: Row = notice === undefined ? QUITS : [say('problem', lineOf(notice))];
  const middle = Math.floor(Math.max(0, height - 1) / 2);
  const rows = Array.from({ length: Math.max(0, height) }, (_, y): Row => {
    if (y === middle) return firstThatFits(told, width);
    return y === middle + 1 ? cutRow(below, width) : [];
  });
  return { rows, cursor: undefined };
}
