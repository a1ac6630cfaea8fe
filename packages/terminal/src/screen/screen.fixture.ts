/**
 * A program with only a screen, for tests that see it from a terminal: it draws a framed page of random
 * characters, and prints the tokens that it got. Keys: `r` other characters, `t` next theme, `m` mouse, `l`
 * redraw, `b` bell, `z` suspend, `x` throws, `p` rejects, `q` quits.
 */
import { writeFileSync } from 'node:fs';
import type { Token } from '../input/token.js';
import type { Size } from '../state/geometry.js';
import type { Theme } from '../state/state.js';
import { cellWidth, graphemes } from '../text/graphemes.js';
import type { Frame, Row, Span } from '../view/row.js';
import { NoScreen } from './abilities.js';
import { watchOver } from './lifecycle.js';
import { openScreen, type Screen } from './screen.js';
import { themeFrom } from './theme.js';

const THEMES: readonly Theme[] = ['dark', 'light', 'plain'];
const LETTERS = graphemes(
  'abc xyz 0189 ,.;: äöüß ñçø αβγ жщя 山田太郎 한국어 かな 😀🎉🔌🚀🧪🦊 שלום مرحبا हिन्दी ไทย ☂☯♞✓✗●◌▌…—',
);
const MARKS = ['', '', '', '', '\u0301', '\u0308\u0323'];
/** A text that must never reach a terminal unchanged, though no view would pass it on. */
const HOSTILE = '\x1b[31mred\x1b[2J{bold,foo}{/}\u009b5mZ\u202edeliver\u200b\r\n\x07|';
const FRAME_EVERY = 13;

/** The same numbers for the same seed, so that a broken frame can be drawn again. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Page {
  readonly size: Size;
  readonly seed: number;
  readonly tokens: readonly string[];
  readonly theme: Theme;
}

/** Text that fills `width` cells, of all kinds of characters. */
function filled(width: number, next: () => number): string {
  let text = '';
  for (let used = 0; used < width; ) {
    const base = LETTERS[Math.floor(next() * LETTERS.length)] ?? ' ';
    const grapheme = base === ' ' ? base : base + (MARKS[Math.floor(next() * MARKS.length)] ?? '');
    const cells = cellWidth(grapheme);
    if (used + cells > width) {
      text += ' ';
      used += 1;
    } else {
      text += grapheme;
      used += cells;
    }
  }
  return text;
}

function pageRow(y: number, { size, seed }: Page): Row {
  const next = chance(seed * 1_000 + y);
  const row: Span[] = [];
  for (let x = 0; x < size.width; x += FRAME_EVERY) {
    const width = Math.min(FRAME_EVERY - 1, size.width - x - 1);
    row.push({ text: '│', role: 'frame' });
    if (width > 0)
      row.push({ text: filled(width, next), role: next() < 0.3 ? 'author' : 'text', selected: next() < 0.2 });
  }
  return row;
}

function page(of: Page): Frame {
  const { width, height } = of.size;
  const body = Array.from({ length: Math.max(0, height - 3) }, (_, y) => pageRow(y, of));
  const rows: Row[] = [
    [
      { text: ` ${width}x${height} ${of.theme} seed ${of.seed} `, role: 'title', selected: true },
      { text: ' good', role: 'good' },
      { text: ' problem', role: 'problem' },
    ],
    ...body,
    [{ text: HOSTILE, role: 'mention' }],
    [{ text: ` ${of.tokens.slice(-3).join(' ')}`, role: 'dim' }],
  ];
  return { rows: rows.slice(0, height), cursor: { x: 1, y: height - 1 } };
}

function described(token: Token): string {
  switch (token.kind) {
    case 'key':
      return `<${token.name}>`;
    case 'paste':
      return `<paste ${JSON.stringify(token.text)}>`;
    case 'mouse':
      return `<${token.action} ${token.button ?? 'none'} ${token.x},${token.y}>`;
    case 'background':
      return `<background ${token.light ? 'light' : 'dark'}>`;
    case 'sign':
      return '<sign>';
    case 'focus':
      return `<focus ${token.focused}>`;
  }
}

function run(screen: Screen, theme: Theme): void {
  let shown: Page = { size: screen.size, seed: 1, tokens: [], theme };
  let mouse = true;
  const show = (change: Partial<Page>): void => {
    shown = { ...shown, ...change };
    screen.draw(page(shown));
  };
  const saved = process.env.SAVE_TO;
  const lifecycle = watchOver(screen, {
    beforeEnd: (ending) => {
      if (saved !== undefined) writeFileSync(saved, `${ending.kind} ${shown.tokens.join('')}`);
    },
  });
  const actions: Record<string, () => void> = {
    r: () => show({ seed: shown.seed + 1 }),
    t: () => {
      const next = THEMES[(THEMES.indexOf(shown.theme) + 1) % THEMES.length] ?? 'dark';
      screen.setTheme(next);
      show({ theme: next });
    },
    m: () => {
      mouse = !mouse;
      screen.setMouse(mouse);
    },
    l: () => screen.redraw(),
    b: () => screen.ring(),
    z: () => lifecycle.suspend(),
    x: () => {
      throw new Error('thrown on purpose');
    },
    p: () => {
      void Promise.reject(new Error('rejected on purpose'));
    },
    q: () => {
      lifecycle.release();
      void screen.close();
    },
  };
  screen.setTitle('a screen under test');
  screen.sizes$.subscribe((size) => show({ size }));
  screen.tokens$.subscribe((token) => {
    show({ tokens: [...shown.tokens, described(token)] });
    if (token.kind === 'key') actions[token.name]?.();
  });
  show({});
}

const theme = themeFrom(process.env);
try {
  run(
    openScreen({ input: process.stdin, output: process.stdout, env: process.env, theme, mouse: true }),
    theme,
  );
} catch (error) {
  if (!(error instanceof NoScreen)) throw error;
  console.error(`${error.name} ${error.reason}: ${error.message}`);
  process.exitCode = 2;
}
