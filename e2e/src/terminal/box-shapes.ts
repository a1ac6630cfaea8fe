/** Characters that must touch their neighbours, as shapes: lines of frames, blocks of bars. */

export interface CellBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The sides that a line reaches: up, right, down, left. */
const LINES: Readonly<Record<string, string>> = {
  '─': 'rl',
  '│': 'ud',
  '┌': 'rd',
  '┐': 'dl',
  '└': 'ur',
  '┘': 'ul',
  '├': 'urd',
  '┤': 'udl',
  '┬': 'rdl',
  '┴': 'url',
  '┼': 'urdl',
  '╭': 'rd',
  '╮': 'dl',
  '╰': 'ur',
  '╯': 'ul',
  '╴': 'l',
  '╵': 'u',
  '╶': 'r',
  '╷': 'd',
  '━': 'rl',
  '┃': 'ud',
};
const HEAVY = new Set('━┃');

/** Part of the cell that is filled: left, top, width, height, in eighths; and how densely. */
const BLOCKS: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  '▀': [0, 0, 8, 4, 1],
  '▁': [0, 7, 8, 1, 1],
  '▂': [0, 6, 8, 2, 1],
  '▃': [0, 5, 8, 3, 1],
  '▄': [0, 4, 8, 4, 1],
  '▅': [0, 3, 8, 5, 1],
  '▆': [0, 2, 8, 6, 1],
  '▇': [0, 1, 8, 7, 1],
  '█': [0, 0, 8, 8, 1],
  '▉': [0, 0, 7, 8, 1],
  '▊': [0, 0, 6, 8, 1],
  '▋': [0, 0, 5, 8, 1],
  '▌': [0, 0, 4, 8, 1],
  '▍': [0, 0, 3, 8, 1],
  '▎': [0, 0, 2, 8, 1],
  '▏': [0, 0, 1, 8, 1],
  '▐': [4, 0, 4, 8, 1],
  '░': [0, 0, 8, 8, 0.25],
  '▒': [0, 0, 8, 8, 0.5],
  '▓': [0, 0, 8, 8, 0.75],
};

/** Undefined: an ordinary character. */
export function shapeOf(text: string, box: CellBox, colour: string): string | undefined {
  const sides = LINES[text];
  if (sides !== undefined) return lines(sides, box, colour, HEAVY.has(text) ? 2 : 1);
  const block = BLOCKS[text];
  if (block === undefined) return undefined;
  const [left, top, width, height, density] = block;
  const across = box.width / 8;
  const down = box.height / 8;
  return rectangle(
    box.left + left * across,
    box.top + top * down,
    width * across,
    height * down,
    colour,
    density,
  );
}

function lines(sides: string, box: CellBox, colour: string, thickness: number): string {
  const x = box.left + Math.floor((box.width - thickness) / 2);
  const y = box.top + Math.floor((box.height - thickness) / 2);
  const drawn: string[] = [];
  if (/[ud]/.test(sides)) {
    const from = sides.includes('u') ? box.top : y;
    const to = sides.includes('d') ? box.top + box.height : y + thickness;
    drawn.push(rectangle(x, from, thickness, to - from, colour, 1));
  }
  if (/[rl]/.test(sides)) {
    const from = sides.includes('l') ? box.left : x;
    const to = sides.includes('r') ? box.left + box.width : x + thickness;
    drawn.push(rectangle(from, y, to - from, thickness, colour, 1));
  }
  return drawn.join('');
}

const rectangle = (
  x: number,
  y: number,
  width: number,
  height: number,
  colour: string,
  density: number,
): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}"${density === 1 ? '' : ` fill-opacity="${density}"`}/>`;
